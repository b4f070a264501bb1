package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf migrate baseline`
@Command(
    name = "baseline",
    description =
        "Adopt an existing database: verify its objects, then record all changesets as applied.",
    mixinStandardHelpOptions = true)
final class BaselineCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result = common.migrations().baseline(approval.approval(), output.listener());
    return output.result(
        result, Output.count(result.executed().size(), "changeset") + " recorded as applied");
  }
}
