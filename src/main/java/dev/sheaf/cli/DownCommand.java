package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate down`
@Command(
    name = "down",
    description = "Roll back the last changesets of a module.",
    mixinStandardHelpOptions = true)
final class DownCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "N",
      defaultValue = "1",
      description = "The number of changesets. Default: ${DEFAULT-VALUE}.")
  private int count;

  @Option(names = "--module", paramLabel = "M", required = true, description = "The module.")
  private String module = "";

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common.migrations().down(module, count, approval.approval(), output.listener());
    return output.result(
        result,
        Output.count(result.executed().size(), "changeset")
            + " rolled back in "
            + Output.text(result.duration()));
  }
}
