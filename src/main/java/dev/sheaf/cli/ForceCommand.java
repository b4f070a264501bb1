package dev.sheaf.cli;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.ChangesetVersion;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

  @Parameters(
      paramLabel = "V",
      converter = VersionArgument.class,
      description = "The number of a changeset; 0 is before the first one.")
  private ChangesetVersion version = ChangesetVersion.NONE;

  @Option(names = "--module", paramLabel = "M", required = true, description = "The module.")
  private String module = "";

  @Option(
      names = "--reason",
      paramLabel = "WHY",
      required = true,
      description = "Why the version is forced; recorded.")
  private String reason = "";

  @Option(
      names = "--approved-by",
      paramLabel = "WHO",
      description = "Who approved the change; recorded.")
  private @Nullable String by;

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result =
        common.migrations().force(module, version, new Approval(by, reason), output.listener());
    return output.result(result, "%s is recorded at %s".formatted(module, version.digits()));
  }
}
