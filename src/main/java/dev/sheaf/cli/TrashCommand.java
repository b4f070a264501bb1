package dev.sheaf.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sheaf trash VERB`
@Command(
    name = "trash",
    description =
        "List and empty the trash: tables and columns that were removed and can be restored.",
    subcommands = {TrashListCommand.class, TrashEmptyCommand.class, CommandLine.HelpCommand.class},
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB")
final class TrashCommand {}
