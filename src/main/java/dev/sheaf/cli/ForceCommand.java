package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate force`
@Command(
    name = "force",
    description = "Record a version without running anything, after a manual repair.",
    mixinStandardHelpOptions = true)
final class ForceCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Parameters(
      paramLabel = "V",
      description = "The number of a changeset; 0 is before the first one.")
  private int version;

  @Option(names = "--module", paramLabel = "M", required = true, description = "The module.")
  private String module = "";

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common.migrations().force(module, version, approval.approval(), output.listener());
    return output.result(result, "%s is recorded at %s".formatted(module, Output.number(version)));
  }
}
