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
    description = "Restore a backup into a database that is new or empty.",
    mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "FILE", description = "The backup.")
  private Path file = Path.of("");

  @Option(
      names = "--into",
      paramLabel = "DATABASE",
      required = true,
      description = "Its name, on the configured server; created when there is none.")
  private String into = "";

  @Option(names = "--replace", description = "Also when it holds something, which is dropped.")
  private boolean replace;

  @Option(names = "--privileges", description = "Bring owners and privileges back, too.")
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
