package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Migrations;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate baseline`
@Command(
    name = "baseline",
    description =
        "Adopt an existing database: verify its objects, then record changesets as applied.",
    mixinStandardHelpOptions = true)
final class BaselineCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Option(
      names = "--module",
      paramLabel = "M",
      description = "Only this module, and those that it requires.")
  private @Nullable String module;

  @Option(
      names = "--at",
      paramLabel = "N",
      converter = VersionArgument.class,
      description = "The last number to record. Default module: core.")
  private @Nullable ChangesetVersion at;

  @Override
  public Integer call() {
    Output output = common.output();
    Migrations.Scope scope =
        new Migrations.Scope(at != null && module == null ? Modules.CORE : module, at);
    MigrationResult result =
        common.migrations().baseline(scope, approval.approval(), output.listener());
    return output.result(
        result, Output.count(result.executed().size(), "changeset") + " recorded as applied");
  }
}
