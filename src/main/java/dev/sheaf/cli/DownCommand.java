package dev.sheaf.cli;

import dev.sheaf.schema.MigrationResult;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

  @Parameters(
      arity = "0..1",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many; ${DEFAULT-VALUE} unless said.")
  private int count;

  @Option(names = "--module", paramLabel = "M", required = true, description = "Of which module.")
  private String module = "";

  @Option(
      names = "--approved-by",
      paramLabel = "WHO",
      description = "Who decided it; required in production.")
  private @Nullable String approvedBy;

  @Option(names = "--reason", paramLabel = "WHY", description = "Why; recorded.")
  private @Nullable String reason;

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common
            .migrations()
            .down(module, count, Common.approval(approvedBy, reason), output.listener());
    return output.result(
        result,
        Output.count(result.executed().size(), "changeset")
            + " rolled back in "
            + Output.text(result.duration()));
  }
}
