package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
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
      converter = VersionArgument.class,
      description = "The last number to apply; requires --module.")
  private @Nullable ChangesetVersion to;

  @Option(
      names = "--then",
      paramLabel = "COMMAND",
      description =
          "In development: a command of the shell to run afterwards, such as a generator of code.")
  private @Nullable String then;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Output output = common.output();
    if (then != null && common.isProduction()) {
      throw new OperatorException(
          "--then is for development, and this is a production environment",
          "run the command by itself");
    }
    MigrationResult result =
        common
            .migrations()
            .up(new Migrations.Scope(module, to), approval.approval(), output.listener());
    int exit =
        output.result(
            result,
            result.executed().isEmpty()
                ? result.notes().isEmpty() ? "nothing is pending" : "nothing was applied"
                : Output.count(result.executed().size(), "changeset")
                    + " applied in "
                    + Output.text(result.duration()));
    if (exit != ExitCode.DONE || then == null) {
      return exit;
    }
    int ended = new ProcessBuilder("sh", "-c", then).inheritIO().start().waitFor();
    if (ended != 0) {
      throw new OperatorException(
          "the command of --then ended with exit code " + ended,
          "the changesets are applied; correct the command, and run it by itself");
    }
    return ExitCode.DONE;
  }
}
