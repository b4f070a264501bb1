package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.engine.Migrations.Dependents;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate goto`
@Command(
    name = "goto",
    description = "Upgrade or roll back a module to exactly one version.",
    mixinStandardHelpOptions = true)
final class GotoCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Parameters(
      paramLabel = "V",
      converter = VersionArgument.class,
      description = "The number of a changeset; 0 is before the first one.")
  private ChangesetVersion version = ChangesetVersion.NONE;

  @Option(names = "--module", paramLabel = "M", required = true, description = "The module.")
  private String module = "";

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
            .goTo(
                module,
                version,
                withDependents ? Dependents.ROLL_BACK : Dependents.REFUSE,
                approval.approval(),
                output.listener());
    return output.result(result, "%s is at %s".formatted(module, version.digits()));
  }
}
