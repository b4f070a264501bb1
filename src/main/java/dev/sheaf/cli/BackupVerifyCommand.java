package dev.sheaf.cli;

import dev.sheaf.backup.BackupVerification;
import dev.sheaf.backup.Backups;
import dev.sheaf.database.DatabaseAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf backup verify FILE`
@Command(
    name = "verify",
    description =
        "Restore a backup into a scratch database, compare the contents, and drop the database.",
    mixinStandardHelpOptions = true)
final class BackupVerifyCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "FILE", description = "The backup file.")
  private Path file = Path.of("");

  @Option(
      names = "--scratch",
      paramLabel = "URL",
      converter = UrlArgument.class,
      description =
          "The server to restore on. Default: sheaf.schema.scratch-url, else the server of the configured database.")
  private @Nullable String scratch;

  @Override
  public Integer call() {
    Output output = common.output();
    var source = common.database();
    var server =
        Optional.ofNullable(scratch)
            .or(() -> common.schema().scratchUrl())
            .map(DatabaseAddress::parse)
            .orElse(source);
    BackupVerification verification =
        new Backups().verify(file, source, server, new BackupProgress(output));
    if (output.isJson()) {
      output.json(verification);
    } else {
      output.differences(verification.differences());
      output.data(file + "  " + BackupProgress.text(verification.backup()));
    }
    verification.notes().forEach(output::say);
    if (!verification.success()) {
      output.say(Output.count(verification.differences().size(), "difference"));
      return ExitCode.DIFFERENT;
    }
    output.say(
        verification.recorded() == null
            ? "the backup is complete; not recorded, because it is a backup of another database"
            : "the backup is complete; recorded");
    return ExitCode.DONE;
  }
}
