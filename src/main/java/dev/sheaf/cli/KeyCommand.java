package dev.sheaf.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// API keys.
@Command(
    name = "key",
    description = "API keys: who may do what over HTTP.",
    subcommands = {
      KeyCreateCommand.class,
      KeyListCommand.class,
      KeyRevokeCommand.class,
      CommandLine.HelpCommand.class
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB")
final class KeyCommand {}
