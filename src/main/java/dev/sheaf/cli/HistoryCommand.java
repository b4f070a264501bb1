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

  @Mixin private Common common = new Common();

  @Option(names = "--module", paramLabel = "M", description = "Only this module.")
  private @Nullable String module;

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
        Output.row(
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
          Output.row(
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
    output.table(rows);
    return ExitCode.DONE;
  }

  private boolean isWanted(HistoryEntry entry) {
    return module == null
        || (entry.changeset() != null && entry.changeset().startsWith(module + "/"));
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }
}
