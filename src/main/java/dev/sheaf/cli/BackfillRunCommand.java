package dev.sheaf.cli;

import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.backfill.BackfillListener;
import dev.sheaf.migration.backfill.Backfills;
import dev.sheaf.runtime.OperatorException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `sheaf backfill run`
@Command(
    name = "run",
    description = "Run backfills in the foreground, unless another process runs them.",
    mixinStandardHelpOptions = true)
final class BackfillRunCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "Run only this backfill.")
  private @Nullable String name;

  @Override
  public Integer call() {
    Output output = common.output();
    Backfills backfills = common.backfills();
    if (name != null && backfills.find(name).isEmpty()) {
      throw new OperatorException(
          "there is no backfill " + name, "sheaf backfill list shows all backfills");
    }
    backfills.run(name, new ProgressLines(output), new CountDownLatch(1));
    List<Backfill> left =
        backfills.list().stream()
            .filter(backfill -> name == null || backfill.name().equals(name))
            .toList();
    if (output.isJson()) {
      output.json(left);
    } else {
      left.forEach(backfill -> output.data(backfill.name() + "  " + backfill.progress()));
    }
    return left.stream().allMatch(backfill -> backfill.state() == Backfill.State.DONE)
        ? ExitCode.DONE
        : ExitCode.FAILED;
  }

  /// Prints the progress to stderr.
  private record ProgressLines(Output output) implements BackfillListener {
    @Override
    public void started(Backfill backfill) {
      output.say(backfill.name() + "  started at row " + backfill.rowsDone());
    }

    @Override
    public void progress(Backfill backfill) {
      output.say(
          backfill.name()
              + "  "
              + backfill.progress()
              + (backfill.worker() == null ? "" : ", by " + backfill.worker()));
    }

    @Override
    public void waiting(String backfill, String reason) {
      output.say(backfill + "  waiting for " + reason);
    }
  }
}
