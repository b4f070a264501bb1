package dev.sheaf.cli;

import dev.sheaf.schema.ChangelogDraft;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate create`
@Command(
    name = "create",
    description = "Write the next changelog file of a module.",
    mixinStandardHelpOptions = true)
final class CreateCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "NAME", description = "What it is about, in a few words.")
  private String name = "";

  @Option(names = "--module", paramLabel = "M", required = true, description = "Of which module.")
  private String module = "";

  @Option(
      names = "--number",
      paramLabel = "N",
      description = "The number, instead of the next free one.")
  private @Nullable Integer number;

  @Override
  public Integer call() {
    Output output = common.output();
    Path file = ChangelogDraft.create(common.sources(), module, name, Optional.ofNullable(number));
    if (output.isJson()) {
      output.json(Map.of("file", file.toString()));
    } else {
      output.data(file.toString());
    }
    return ExitCode.DONE;
  }
}
