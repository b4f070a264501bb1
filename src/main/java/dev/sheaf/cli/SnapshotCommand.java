package dev.sheaf.cli;

import dev.sheaf.migration.proof.SchemaFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate snapshot`
@Command(
    name = "snapshot",
    description =
        "Write the schema that all changelogs make into a file, for reviews. check then fails when the file is out of"
            + " date.",
    mixinStandardHelpOptions = true)
final class SnapshotCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "The file. Default: schema.sql beside the directory of changelogs.")
  private @Nullable Path file;

  @Override
  public Integer call() {
    Output output = common.output();
    String text = common.migrations(scratch).snapshot();
    Path written = file == null ? common.schemaFile() : file;
    boolean changed = SchemaFile.write(written, text);
    if (output.isJson()) {
      output.json(Map.of("file", written.toString(), "changed", changed));
    } else {
      output.data(written.toString());
    }
    output.say(changed ? "written" : "unchanged");
    return ExitCode.DONE;
  }
}
