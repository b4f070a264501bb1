package dev.sheaf.cli;

import dev.sheaf.backup.BackupResult;
import dev.sheaf.backup.Backups;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `sheaf backup FILE`
@Command(
    name = "backup",
    description = "Take a backup that records its own contents.",
    subcommands = BackupVerifyCommand.class,
    mixinStandardHelpOptions = true)
final class BackupCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "The file to write; it must not exist.")
  private @Nullable Path file;

  @Override
  public Integer call() {
    if (file == null) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(), "Missing required parameter: 'FILE'");
    }
    Output output = common.output();
    BackupResult result = new Backups().backup(common.database(), file, new BackupProgress(output));
    if (output.isJson()) {
      output.json(result);
    } else {
      output.data(result.file() + "  " + BackupProgress.text(result));
    }
    output.say("taken in " + Output.text(result.duration()));
    return ExitCode.DONE;
  }
}
