package dev.sheaf.cli;

import dev.sheaf.schema.MigrationResult;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate goto`
@Command(
    name = "goto",
    description = "Go up or down to exactly one version.",
    mixinStandardHelpOptions = true)
final class GotoCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "V", description = "The number of a changeset; 0 is before the first.")
  private int version;

  @Option(names = "--module", paramLabel = "M", required = true, description = "Of which module.")
  private String module = "";

  @Option(
      names = "--approved-by",
      paramLabel = "WHO",
      description = "Who decided it; required to go down in production.")
  private @Nullable String approvedBy;

  @Option(names = "--reason", paramLabel = "WHY", description = "Why; recorded.")
  private @Nullable String reason;

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common
            .migrations()
            .goTo(module, version, Common.approval(approvedBy, reason), output.listener());
    return output.result(result, "%s is at %03d".formatted(module, version));
  }
}
