package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TrashEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf trash empty --older-than 14d`
@Command(
    name = "empty",
    description =
        "Permanently drop what has been in the trash for some time. It cannot be restored.",
    mixinStandardHelpOptions = true)
final class TrashEmptyCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Option(
      names = "--older-than",
      paramLabel = "AGE",
      required = true,
      converter = DurationArgument.class,
      description = "The minimum time in the trash: 14d, 12h, 0s.")
  private Duration age = Duration.ZERO;

  @Override
  public Integer call() {
    Output output = common.output();
    List<TrashEntry> dropped = new ArrayList<>();
    MigrationResult result =
        common
            .migrations()
            .emptyTrash(
                age,
                approval.approval(),
                entry -> {
                  dropped.add(entry);
                  if (!output.isJson()) {
                    output.data("dropped  " + entry.object());
                  }
                },
                output.listener());
    if (output.isJson()) {
      output.json(dropped);
    }
    if (!result.success()) {
      result.problems().forEach(output::problem);
      return ExitCode.FAILED;
    }
    output.say(
        dropped.isEmpty()
            ? "nothing has been in the trash for that long"
            : Output.count(dropped.size(), "object") + " permanently dropped");
    return ExitCode.DONE;
  }
}
