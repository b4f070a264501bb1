package dev.sheaf.cli;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.OperatorException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command line, `sheaf COMMAND`.
@Command(
    name = "sheaf",
    description =
        "Documents, embeddings and search on PostgreSQL. Without a command: start the service.",
    subcommands = {
      MigrateCommand.class,
      KeyCommand.class,
      BackfillCommand.class,
      BackupCommand.class,
      RestoreCommand.class,
      TrashCommand.class,
      ReadonlyCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      EvaluateCommand.class,
      AutoComplete.GenerateCompletion.class,
      ManPageCommand.class,
      CommandLine.HelpCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed",
      "2:usage error",
      "3:not up to date (status --check), differences (verify, backup verify) or incomplete (derive-rollback)"
    })
public final class Cli {

  private static final String JSON = "--json";
  private static final String MISSING_SUBCOMMAND = "Missing required subcommand";

  // A logger without a strong reference is garbage collected, and its level is lost.
  private static final Logger ROOT = Logger.getLogger("");

  @Spec private @Nullable CommandSpec spec;

  /// `sheaf version`
  @Command(
      name = "version",
      description = "Print the version of Sheaf.",
      mixinStandardHelpOptions = true)
  int version() {
    for (String line : new Version().getVersion()) {
      Objects.requireNonNull(spec).commandLine().getOut().println(line);
    }
    return ExitCode.DONE;
  }

  /// Runs one command on the process's own streams.
  ///
  /// @return the exit code
  public static int run(String... arguments) {
    ROOT.setLevel(Level.SEVERE);
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    return commandLine(out, err).execute(arguments);
  }

  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    CommandLine line = new CommandLine(new Cli());
    line.setOut(out);
    line.setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler(Cli::report);
    line.setParameterExceptionHandler(Cli::reportUsage);
    line.setUsageHelpAutoWidth(true);
    markRequiredOptions(line);
    return line;
  }

  private static void markRequiredOptions(CommandLine line) {
    line.getCommandSpec().usageMessage().requiredOptionMarker('*');
    line.getSubcommands().values().forEach(Cli::markRequiredOptions);
  }

  /// A wrong option is one line, and not all the options that there are. Without a subcommand, the
  /// usage lists them.
  private static int reportUsage(ParameterException failure, String[] arguments) {
    CommandLine line = failure.getCommandLine();
    PrintWriter err = line.getErr();
    String problem = String.valueOf(failure.getMessage());
    err.println(problem);
    if (problem.startsWith(MISSING_SUBCOMMAND)) {
      line.usage(err);
    } else {
      UnmatchedArgumentException.printSuggestions(failure, err);
      err.println("  see " + line.getCommandSpec().qualifiedName() + " --help");
    }
    if (List.of(arguments).contains(JSON)) {
      new Output(line.getOut(), err, true, false).json(Problems.of(problem, ""));
    }
    err.flush();
    return line.getCommandSpec().exitCodeOnInvalidInput();
  }

  /// Failures as JSON, as a result of a change of the schema has them.
  private record Problems(List<OperatorException> problems) {
    static Problems of(String problem, String hint) {
      return new Problems(List.of(new OperatorException(problem, hint)));
    }
  }

  /// Failures become a message and an exit code here, and nowhere else.
  private static int report(Exception failure, CommandLine line, CommandLine.ParseResult parsed) {
    PrintWriter err = line.getErr();
    OperatorException problem =
        switch (failure) {
          case OperatorException e -> e;
          case SQLException e when SqlStates.UNDEFINED_TABLE.equals(e.getSQLState()) ->
              new OperatorException(
                  "a table that this command needs does not exist: " + SqlErrorMessage.message(e),
                  "apply the pending changesets, with the module enabled: sheaf migrate up");
          case Problem e -> new OperatorException(e.detail(), "");
          default ->
              new OperatorException(
                  String.valueOf(failure), "repeat the command with --verbose for the stack trace");
        };
    Output.problem(err, problem.problem(), problem.hint());
    if (parsed.originalArgs().contains(JSON)) {
      new Output(line.getOut(), err, true, false).json(new Problems(List.of(problem)));
    }
    if (parsed.originalArgs().contains("--verbose")) {
      failure.printStackTrace(err);
    }
    return ExitCode.FAILED;
  }
}
