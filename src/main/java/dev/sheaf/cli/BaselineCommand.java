package dev.sheaf.cli;

import dev.sheaf.schema.MigrationResult;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate baseline`
@Command(
    name = "baseline",
    description = "Adopt a database whose objects exist already: verify, then record.",
    mixinStandardHelpOptions = true)
final class BaselineCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Option(names = "--approved-by", paramLabel = "WHO", description = "Who decided it; recorded.")
  private @Nullable String approvedBy;

  @Option(names = "--reason", paramLabel = "WHY", description = "Why; recorded.")
  private @Nullable String reason;

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common.migrations().baseline(Common.approval(approvedBy, reason), output.listener());
    return output.result(
        result, Output.count(result.executed().size(), "changeset") + " recorded as applied");
  }
}
