package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.LiquibaseChangelog;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Adoption;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate adopt`
@Command(
    name = "adopt",
    description =
        "Take over the history of another tool: replay the files that it applied on a scratch database, compare the"
            + " result with this database, and record them as applied. The tool's table stays as it is.",
    mixinStandardHelpOptions = true)
final class AdoptCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Option(
      names = "--from",
      paramLabel = "TOOL",
      required = true,
      description =
          "golang-migrate, goose, dbmate, flyway, liquibase, alembic; database, if all files are applied; or sql, with --at.")
  private String from = "";

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "The directory of the files, or of the modules; the same as --root.")
  private @Nullable Path directory;

  @Option(
      names = "--module",
      paramLabel = "M",
      defaultValue = Modules.CORE,
      description = "The module of the files. Default: ${DEFAULT-VALUE}.")
  private String module = Modules.CORE;

  @Option(
      names = "--table",
      paramLabel = "NAME",
      description = "The tool's table, if it does not have the usual name.")
  private @Nullable String table;

  @Option(
      names = "--at",
      paramLabel = "N",
      converter = VersionArgument.class,
      description =
          "The last number that is applied. With a tool, its history must be at this version.")
  private @Nullable ChangesetVersion at;

  @Option(
      names = "--force",
      description = "Record the files although the database is not what they make; with --reason.")
  private boolean force;

  @Option(
      names = "--convert",
      paramLabel = "DIR",
      description =
          "Write the files as formatted SQL into this directory, one for each module, and record those instead.")
  private @Nullable Path convert;

  @Override
  public Integer call() {
    Output output = common.output();
    Adoption.Request request = new Adoption.Request(from, table, module, at, force, convert);
    if (directory != null) {
      common.useRoot(directory);
    }
    MigrationResult result =
        migrations(request).adopt(request, approval.approval(), output.listener());
    return output.result(
        result, Output.count(result.executed().size(), "changeset") + " recorded as applied");
  }

  private Migrations migrations(Adoption.Request request) {
    if (request.splits()) {
      return common.migrations(LiquibaseChangelog.unread(common.sources()));
    }
    try {
      return common.migrations();
    } catch (OperatorException e) {
      throw from.equals(Adoption.LIQUIBASE)
          ? new OperatorException(
              e.problem(),
              e.hint() + "; to split files of Liquibase with several changesets, add --convert DIR",
              e)
          : e;
    }
  }
}
