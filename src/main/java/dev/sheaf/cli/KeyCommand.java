package dev.sheaf.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `sheaf key VERB`
@Command(
    name = "key",
    description = "Create, list and revoke API keys.",
    subcommands = {
      KeyCreateCommand.class,
      KeyListCommand.class,
      KeyRevokeCommand.class,
      CommandLine.HelpCommand.class
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB")
final class KeyCommand {}
