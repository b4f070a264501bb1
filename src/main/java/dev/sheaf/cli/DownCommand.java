package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.engine.Migrations.Dependents;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate down`
@Command(
    name = "down",
    description = "Roll back the last changesets.",
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

  @Option(
      names = "--module",
      paramLabel = "M",
      description = "Only of this module. Default: those that were applied last, of any module.")
  private @Nullable String module;

  @Option(
      names = "--with-dependents",
      description = "First roll back the changesets of other modules that depend on these.")
  private boolean withDependents;

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common
            .migrations()
            .down(
                module,
                count,
                withDependents ? Dependents.ROLL_BACK : Dependents.REFUSE,
                approval.approval(),
                output.listener());
    return output.result(
        result,
        Output.count(result.executed().size(), "changeset")
            + " rolled back in "
            + Output.text(result.duration()));
  }
}
