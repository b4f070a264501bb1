package dev.sheaf.cli;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Spec;

/// `sheaf generate-man-page`
///
/// The page comes from the definitions of the commands, so it has every command and option.
@Command(
    name = "generate-man-page",
    description = "Print the man page: sheaf generate-man-page > sheaf.1.",
    mixinStandardHelpOptions = true)
final class ManPageCommand implements Callable<Integer> {

  @Spec private @Nullable CommandSpec spec;

  private final StringBuilder page = new StringBuilder();

  @Override
  public Integer call() {
    CommandSpec root = Objects.requireNonNull(spec).root();
    macro("TH", "SHEAF", "1", "", String.join(" ", new Version().getVersion()), "Sheaf");
    macro("SH", "NAME");
    text(root.name() + " - " + description(root));
    macro("SH", "SYNOPSIS");
    text(synopsis(root));
    macro("SH", "COMMANDS");
    root.subcommands().values().stream().distinct().forEach(this::command);
    macro("SH", "EXIT STATUS");
    root.usageMessage().exitCodeList().forEach((code, meaning) -> entry(code, meaning));
    macro("SH", "ENVIRONMENT");
    entry(
        "DATABASE_URL",
        "The database, such as postgres://user:password@host:port/database. What it does not say comes from the"
            + " environment variables and the service file of psql, such as PGHOST, PGPASSWORD and PGSERVICE.");
    macro("SH", "SEE ALSO");
    text("psql(1), pg_dump(1)");
    spec.commandLine().getOut().print(page);
    spec.commandLine().getOut().flush();
    return ExitCode.DONE;
  }

  private void command(CommandLine line) {
    CommandSpec command = line.getCommandSpec();
    if (command.usageMessage().hidden()) {
      return;
    }
    macro("SS", command.qualifiedName());
    text(description(command));
    if (command.subcommands().isEmpty()) {
      macro("PP");
      text(synopsis(command));
      for (PositionalParamSpec parameter : command.positionalParameters()) {
        entry(parameter.paramLabel(), description(parameter));
      }
      for (OptionSpec option : command.options()) {
        if (!option.hidden()) {
          String names = String.join(", ", option.names());
          entry(
              option.arity().max() == 0 ? names : names + "=" + option.paramLabel(),
              description(option));
        }
      }
    }
    command.subcommands().values().stream().distinct().forEach(this::command);
  }

  private static String synopsis(CommandSpec command) {
    return new Help(command, Help.defaultColorScheme(Help.Ansi.OFF)).synopsis(0).strip();
  }

  private static String description(CommandSpec command) {
    return String.join(" ", command.usageMessage().description());
  }

  private static String description(ArgSpec argument) {
    String text = String.join(" ", List.of(argument.description()));
    @Nullable String value = argument.defaultValueString();
    return text.replace("${DEFAULT-VALUE}", String.valueOf(value));
  }

  private void entry(String name, String meaning) {
    macro("TP");
    macro("B", name);
    text(meaning);
  }

  /// A request of the macro package `man`.
  private void macro(String name, String... arguments) {
    page.append('.').append(name);
    for (String argument : arguments) {
      page.append(" \"").append(escaped(argument).replace("\"", "\\(dq")).append('"');
    }
    page.append('\n');
  }

  private void text(String text) {
    String line = escaped(text.replace("%n", " ").replace("%%", "%")).replaceAll("\\s+", " ");
    page.append(line.startsWith(".") || line.startsWith("'") ? "\\&" : "")
        .append(line)
        .append('\n');
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-");
  }
}
