package dev.sheaf.cli;

import dev.sheaf.backup.BackupResult;
import dev.sheaf.backup.Backups;
import dev.sheaf.backup.RestoreOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf restore FILE --into DATABASE`
@Command(
    name = "restore",
    description = "Restore a backup into a new or empty database.",
    mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "FILE", description = "The backup file.")
  private Path file = Path.of("");

  @Option(
      names = "--into",
      paramLabel = "DATABASE",
      required = true,
      description =
          "The name of the database, on the configured server. It is created if it does not exist.")
  private String into = "";

  @Option(
      names = "--replace",
      description = "Replace a database that is not empty; the old one is dropped.")
  private boolean replace;

  @Option(names = "--privileges", description = "Restore owners and privileges too.")
  private boolean privileges;

  @Override
  public Integer call() {
    Output output = common.output();
    BackupResult result =
        new Backups()
            .restore(
                file,
                common.database().withDatabase(into),
                new RestoreOptions(replace, privileges),
                new BackupProgress(output));
    if (output.isJson()) {
      output.json(result);
    } else {
      output.data(into + "  " + BackupProgress.text(result));
    }
    output.say("restored in " + Output.text(result.duration()));
    return ExitCode.DONE;
  }
}
