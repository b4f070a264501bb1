package dev.sheaf.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sheaf backfill VERB`
@Command(
    name = "backfill",
    description = "List, run and control backfills.",
    subcommands = {
      BackfillListCommand.class,
      BackfillControlCommand.Pause.class,
      BackfillControlCommand.Resume.class,
      BackfillControlCommand.Cancel.class,
      BackfillRunCommand.class,
      CommandLine.HelpCommand.class
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB")
final class BackfillCommand {}
