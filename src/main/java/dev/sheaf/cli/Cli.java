package dev.sheaf.cli;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.OperatorException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

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
      ImportCommand.class,
      ExportCommand.class,
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

  // A logger without a strong reference is garbage collected, and its level is lost.
  private static final Logger ROOT = Logger.getLogger("");

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
    line.setUsageHelpAutoWidth(true);
    return line;
  }

  /// Failures become a message and an exit code here, and nowhere else.
  private static int report(Exception failure, CommandLine line, CommandLine.ParseResult parsed) {
    PrintWriter err = line.getErr();
    switch (failure) {
      case OperatorException e -> Output.problem(err, e.problem(), e.hint());
      case SQLException e when SqlStates.UNDEFINED_TABLE.equals(e.getSQLState()) ->
          Output.problem(
              err,
              "a table that this command needs does not exist: " + SqlErrorMessage.message(e),
              "apply the pending changesets, with the module enabled: sheaf migrate up");
      case Problem e -> Output.problem(err, e.detail(), "");
      default ->
          Output.problem(
              err,
              String.valueOf(failure),
              "repeat the command with --verbose for the stack trace");
    }
    if (parsed.originalArgs().contains("--verbose")) {
      failure.printStackTrace(err);
    }
    return ExitCode.FAILED;
  }
}
