package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.engine.Migrations;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate up`
@Command(
    name = "up",
    description = "Apply the pending changesets.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Option(names = "--module", paramLabel = "M", description = "Only this module.")
  private @Nullable String module;

  @Option(
      names = "--to",
      paramLabel = "V",
      description = "The last number to apply; requires --module.")
  private @Nullable Integer to;

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common
            .migrations()
            .up(new Migrations.Scope(module, to), approval.approval(), output.listener());
    return output.result(
        result,
        result.executed().isEmpty()
            ? result.notes().isEmpty() ? "nothing is pending" : "nothing was applied"
            : Output.count(result.executed().size(), "changeset")
                + " applied in "
                + Output.text(result.duration()));
  }
}
