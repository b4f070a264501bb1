package dev.sheaf.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The verbs of backfills.
@Command(
    name = "backfill",
    description = "Look at the backfills and control them.",
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
