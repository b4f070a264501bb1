package dev.sheaf.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sheaf migrate VERB`
@Command(
    name = "migrate",
    description = "Inspect and change the schema.",
    subcommands = {
      UpCommand.class,
      DownCommand.class,
      GotoCommand.class,
      PlanCommand.class,
      StatusCommand.class,
      WaitCommand.class,
      HistoryCommand.class,
      VersionCommand.class,
      VerifyCommand.class,
      SqlCommand.class,
      CreateCommand.class,
      CheckCommand.class,
      SnapshotCommand.class,
      SquashCommand.class,
      ProveCommand.class,
      DeriveRollbackCommand.class,
      ForceCommand.class,
      BaselineCommand.class,
      AdoptCommand.class,
      DropCommand.class,
      TemplateCommand.class,
      SeedCommand.class,
      CommandLine.HelpCommand.class
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB")
final class MigrateCommand {}
