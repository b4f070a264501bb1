package dev.sheaf.cli;

import dev.sheaf.migration.DerivedRollback;
import dev.sheaf.migration.changelog.ChangelogDraft;
import dev.sheaf.migration.proof.EntityComparison;
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
    description = "Create the next changelog file of a module.",
    mixinStandardHelpOptions = true)
final class CreateCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "NAME", description = "What the change does, in a few words.")
  private String name = "";

  @Option(names = "--module", paramLabel = "M", required = true, description = "The module.")
  private String module = "";

  @Option(
      names = "--number",
      paramLabel = "N",
      description = "The number of the file. Default: the next free one.")
  private @Nullable Integer number;

  @Option(
      names = "--from-entities",
      description = "Write the changes that the entities need, and their rollback.")
  private boolean fromEntities;

  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Override
  public Integer call() {
    return fromEntities ? fromEntities() : print(draft());
  }

  private Path draft() {
    return ChangelogDraft.create(common.sources(), module, name, Optional.ofNullable(number));
  }

  private int fromEntities() {
    EntityComparison comparison = common.migrations(scratch).compareEntities();
    if (comparison.statements().isEmpty()) {
      if (common.output().isJson()) {
        common.output().json(Map.of());
      }
      common.output().say("the changelogs match the entities");
      return ExitCode.DONE;
    }
    Path file =
        ChangelogDraft.create(
            common.sources(), module, name, Optional.ofNullable(number), comparison.body());
    // A new engine, because there is one more changelog now.
    DerivedRollback rollback = common.migrations(scratch).deriveRollback(file);
    rollback.open().forEach(missing -> common.output().say("to be completed: " + missing));
    return print(file);
  }

  private int print(Path file) {
    Output output = common.output();
    if (output.isJson()) {
      output.json(Map.of("file", file.toString()));
    } else {
      output.data(file.toString());
    }
    return ExitCode.DONE;
  }
}
