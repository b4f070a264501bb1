package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Adoption;
import dev.sheaf.migration.history.MigrationTool;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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

  /// Plain files and a person who knows which of them are applied.
  private static final String SQL = "sql";

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Option(
      names = "--from",
      paramLabel = "TOOL",
      required = true,
      description = "golang-migrate, goose, dbmate, flyway; or sql, with --at.")
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
      description =
          "The last number that is applied. With a tool, its history must be at this version.")
  private @Nullable Long at;

  @Option(
      names = "--force",
      description = "Record the files although the database is not what they make; with --reason.")
  private boolean force;

  @Override
  public Integer call() {
    Output output = common.output();
    @Nullable MigrationTool tool = MigrationTool.of(from).orElse(null);
    if (tool == null && !from.equals(SQL)) {
      throw new OperatorException(
          "there is no tool " + from,
          "there are: "
              + Arrays.stream(MigrationTool.values())
                  .map(MigrationTool::id)
                  .collect(Collectors.joining(", "))
              + ", sql");
    }
    if (directory != null) {
      common.useRoot(directory);
    }
    MigrationResult result =
        common
            .migrations()
            .adopt(
                new Adoption.Request(tool, table, module, at, force),
                approval.approval(),
                output.listener());
    return output.result(
        result, Output.count(result.executed().size(), "changeset") + " recorded as applied");
  }
}
