package dev.sheaf.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The tables and columns that contract steps took away.
@Command(
    name = "trash",
    description = "What contract steps took away and can still come back.",
    subcommands = {TrashListCommand.class, TrashEmptyCommand.class, CommandLine.HelpCommand.class},
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB")
final class TrashCommand {}
