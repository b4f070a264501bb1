package dev.sheaf.cli;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.backfill.Backfills;
import dev.sheaf.migration.backfill.Backfills.Control;
import dev.sheaf.runtime.OperatorException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `sheaf backfill pause`, `resume` and `cancel`.
@Command(mixinStandardHelpOptions = true)
abstract sealed class BackfillControlCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "NAME", description = "The backfill: module/NNN_name of its changeset.")
  private String name = "";

  private final Control control;

  private BackfillControlCommand(Control control) {
    this.control = control;
  }

  @Command(name = "pause", description = "Pause a backfill after its current batch.")
  static final class Pause extends BackfillControlCommand {
    Pause() {
      super(Control.PAUSE);
    }
  }

  @Command(
      name = "resume",
      description = "Resume a paused, failed or cancelled backfill where it stopped.")
  static final class Resume extends BackfillControlCommand {
    Resume() {
      super(Control.RESUME);
    }
  }

  @Command(name = "cancel", description = "Cancel a backfill. Rows that are done are not undone.")
  static final class Cancel extends BackfillControlCommand {
    Cancel() {
      super(Control.CANCEL);
    }
  }

  @Override
  public Integer call() {
    Backfills backfills = common.backfills();
    Backfill before = find(backfills);
    if (!backfills.control(name, control, Approval.NONE)) {
      throw new OperatorException(
          "%s is %s and cannot be %s".formatted(name, before.state(), control.participle()),
          control.requirement());
    }
    Output output = common.output();
    Backfill after = find(backfills);
    if (output.isJson()) {
      output.json(after);
    } else {
      output.say(name + " is " + after.state());
    }
    return ExitCode.DONE;
  }

  private Backfill find(Backfills backfills) {
    return backfills
        .find(name)
        .orElseThrow(() ->
            new OperatorException(
                "there is no backfill " + name, "sheaf backfill list shows all backfills"));
  }
}
