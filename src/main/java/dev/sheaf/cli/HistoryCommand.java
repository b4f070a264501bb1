package dev.sheaf.cli;

import dev.sheaf.migration.HistoryEntry;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate history`
@Command(
    name = "history",
    description = "Show every change of the schema.",
    mixinStandardHelpOptions = true)
final class HistoryCommand implements Callable<Integer> {

  /// The longest line without `--long`.
  private static final int WIDTH = 100;

  private static final int CLIENT = 5;
  private static final int VERSION = 6;

  @Mixin private Common common = new Common();

  @Option(names = "--module", paramLabel = "M", description = "Only this module.")
  private @Nullable String module;

  @Option(
      names = "--long",
      description = "Also show the client and the version of the application, and cut nothing off.")
  private boolean all;

  @Override
  public Integer call() {
    Output output = common.output();
    List<HistoryEntry> entries =
        common.migrations().history().stream().filter(this::isWanted).toList();
    if (output.isJson()) {
      output.json(entries);
      return ExitCode.DONE;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        row(
            "AT",
            "ACTION",
            "CHANGESET",
            "TOOK",
            "ROLE",
            "CLIENT",
            "VERSION",
            "APPROVED BY",
            "REASON"));
    for (HistoryEntry entry : entries) {
      rows.add(
          row(
              entry.at().truncatedTo(ChronoUnit.SECONDS).toString(),
              entry.action(),
              text(entry.changeset()),
              entry.millis() == null ? "" : Output.text(Duration.ofMillis(entry.millis())),
              entry.role(),
              entry.client(),
              entry.version(),
              text(entry.approvedBy()),
              text(entry.reason())));
    }
    if (all) {
      output.table(rows);
    } else {
      output.table(rows, WIDTH);
    }
    return ExitCode.DONE;
  }

  private List<String> row(String... cells) {
    List<String> row = new ArrayList<>(List.of(cells));
    if (!all) {
      row.remove(VERSION);
      row.remove(CLIENT);
    }
    return row;
  }

  private boolean isWanted(HistoryEntry entry) {
    return module == null
        || (entry.changeset() != null && entry.changeset().startsWith(module + "/"));
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }
}
