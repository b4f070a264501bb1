package dev.sheaf.cli;

import dev.sheaf.migration.Backfill;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf backfill list`
@Command(
    name = "list",
    description = "Show the progress of every backfill.",
    mixinStandardHelpOptions = true)
final class BackfillListCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    Output output = common.output();
    List<Backfill> backfills = common.backfills().list();
    if (output.isJson()) {
      output.json(backfills);
    } else if (backfills.isEmpty()) {
      output.say("there are no backfills");
    } else {
      List<List<String>> rows = new ArrayList<>();
      rows.add(Output.row("BACKFILL", "TABLE", "ROWS", "PROGRESS"));
      for (Backfill backfill : backfills) {
        rows.add(
            Output.row(
                backfill.name(),
                backfill.table(),
                Long.toString(backfill.rowsDone()),
                backfill.progress()));
      }
      output.table(rows);
    }
    return ExitCode.DONE;
  }
}
