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
    description = "Record a version as the state and run nothing, after a repair by hand.",
    mixinStandardHelpOptions = true)
final class ForceCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Parameters(paramLabel = "V", description = "The number of a changeset; 0 is before the first.")
  private int version;

  @Option(names = "--module", paramLabel = "M", required = true, description = "Of which module.")
  private String module = "";

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common.migrations().force(module, version, approval.approval(), output.listener());
    return output.result(
        result, "%s is recorded to be at %s".formatted(module, Output.number(version)));
  }
}
