package dev.sheaf.cli;

import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.runtime.OperatorException;
import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Prints a command's data to stdout and its messages to stderr.
final class Output {

  private static final int BAR = 24;

  /// No column is cut to fewer characters; a time has as many.
  private static final int NARROWEST = 20;

  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean json;
  private final boolean quiet;

  Output(PrintWriter out, PrintWriter err, boolean json, boolean quiet) {
    this.out = out;
    this.err = err;
    this.json = json;
    this.quiet = quiet;
  }

  boolean isJson() {
    return json;
  }

  /// Prints a line of data.
  void data(String line) {
    out.println(line);
  }

  /// Prints a message, unless `--quiet` is set.
  void say(String message) {
    if (!quiet) {
      err.println(message);
    }
  }

  /// The writer for many lines of data.
  PrintWriter writer() {
    return out;
  }

  /// Prints one of several failures, even if `--quiet` is set.
  void failure(String message) {
    err.println(message);
  }

  /// Prints what is wrong and what to do.
  void problem(OperatorException problem) {
    problem(err, problem.problem(), problem.hint());
  }

  static void problem(PrintWriter err, String problem, String hint) {
    err.println("sheaf: " + problem);
    if (!hint.isEmpty()) {
      err.println("  " + hint);
    }
    err.flush();
  }

  /// Prints differences, one object after the other.
  void differences(List<Difference> differences) {
    for (Difference difference : differences) {
      data(
          "%-7s  %s"
              .formatted(difference.kind().name().toLowerCase(Locale.ROOT), difference.object()));
      definition("expected", difference.expected());
      definition("actual", difference.actual());
    }
  }

  private void definition(String what, @Nullable String definition) {
    if (definition != null && !definition.isEmpty()) {
      data("         " + what + ": " + definition.replace("\n", "\n         "));
    }
  }

  /// Prints data as one JSON document.
  void json(Object value) {
    out.println(Json.pretty(value));
  }

  /// Prints rows in columns that are as wide as their widest cell.
  void table(List<List<String>> rows) {
    table(rows, Integer.MAX_VALUE);
  }

  /// The same in lines of at most `width` characters, if the columns can be that narrow. The cells
  /// of the widest columns are cut off.
  void table(List<List<String>> rows, int width) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    narrow(widths, width);
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        String cell = cut(row.get(i), widths[i]);
        line.append(cell).append(" ".repeat(widths[i] - cell.length() + 2));
      }
      out.println(line.toString().stripTrailing());
    }
  }

  private static void narrow(int[] widths, int width) {
    int total = Arrays.stream(widths).map(column -> column + 2).sum() - 2;
    for (int excess = total - width; excess > 0; excess--) {
      int widest = 0;
      for (int i = 1; i < widths.length; i++) {
        widest = widths[i] >= widths[widest] ? i : widest;
      }
      if (widths[widest] <= NARROWEST) {
        return;
      }
      widths[widest]--;
    }
  }

  private static String cut(String cell, int width) {
    return cell.length() <= width ? cell : cell.substring(0, width - 3) + "...";
  }

  /// Prints the result of a command that changes the schema.
  ///
  /// @param done the message on success
  /// @return the exit code
  int result(MigrationResult result, String done) {
    if (json) {
      json(result);
    }
    if (result.success()) {
      say(done);
      return ExitCode.DONE;
    }
    result.problems().forEach(this::problem);
    return ExitCode.FAILED;
  }

  /// Prints progress: each changeset as data, everything else as messages.
  MigrationListener listener() {
    return new ProgressPrinter(this, isTerminal() && !quiet, err);
  }

  /// Prints the progress of a transfer as messages.
  TransferProgress transfer() {
    return new TransferProgress(this, isTerminal() && !quiet, err, InstantSource.system());
  }

  private static boolean isTerminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  /// `[###### ] 25%`
  static String bar(double percent) {
    int full = (int) (percent * BAR / 100);
    return "[%s%s] %s"
        .formatted(
            "#".repeat(full),
            " ".repeat(BAR - full),
            String.format(Locale.ROOT, "%3.0f%%", percent));
  }

  /// `12 ms`, `3.4 s`, `5 min 2 s`.
  static String text(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
    }
    return duration.toMinutes() + " min " + duration.toSecondsPart() + " s";
  }

  /// To the second.
  static String time(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  static String count(int number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  static List<String> row(String... cells) {
    return Arrays.asList(cells);
  }
}
