package dev.sheaf.cli;

import dev.sheaf.migration.TrashEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf trash list`
@Command(
    name = "list",
    description = "List what is in the trash, since when, and which changeset removed it.",
    mixinStandardHelpOptions = true)
final class TrashListCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    Output output = common.output();
    List<TrashEntry> entries = common.migrations().trash();
    if (output.isJson()) {
      output.json(entries);
      return ExitCode.DONE;
    }
    if (entries.isEmpty()) {
      output.say("the trash is empty");
      return ExitCode.DONE;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(Output.row("SINCE", "OBJECT", "KEPT AS", "BYTES", "CHANGESET"));
    for (TrashEntry entry : entries) {
      rows.add(
          Output.row(
              Output.time(entry.trashedAt()),
              entry.object(),
              entry.keptAs(),
              entry.bytes() == null ? "" : entry.bytes().toString(),
              entry.changeset() == null ? "" : entry.changeset()));
    }
    output.table(rows);
    return ExitCode.DONE;
  }
}
