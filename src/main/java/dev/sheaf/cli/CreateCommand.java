package dev.sheaf.cli;

import dev.sheaf.migration.DerivedRollback;
import dev.sheaf.migration.changelog.ChangelogDraft;
import dev.sheaf.migration.proof.EntityComparison;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  private @Nullable Long number;

  @Option(
      names = "--pair",
      description =
          "Write a pair of files, NNN_name.up.sql and NNN_name.down.sql, if the module has no files yet.")
  private boolean pair;

  @Option(
      names = "--from-entities",
      description = "Write the changes that the entities need, and their rollback.")
  private boolean fromEntities;

  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Override
  public Integer call() {
    return fromEntities
        ? fromEntities()
        : print(
            ChangelogDraft.create(
                new ChangelogDraft.Request(
                    common.sources(), module, name, Optional.ofNullable(number), pair, "", true)));
  }

  private int fromEntities() {
    EntityComparison comparison = common.migrations(scratch).compareEntities();
    if (comparison.parts().isEmpty()) {
      if (common.output().isJson()) {
        common.output().json(Map.of());
      }
      common.output().say("the changelogs match the entities");
      return ExitCode.DONE;
    }
    List<Path> files = new ArrayList<>();
    for (EntityComparison.Part part : comparison.parts()) {
      int earlier = files.size();
      List<Path> created =
          ChangelogDraft.create(
              new ChangelogDraft.Request(
                  common.sources(),
                  module,
                  earlier == 0 ? name : name + " " + part.suffix(),
                  Optional.ofNullable(number).map(first -> first + earlier),
                  pair,
                  comparison.body(part),
                  part.transactional()));
      files.add(created.getFirst());
      // A new engine, because there is one more changelog now.
      DerivedRollback rollback = common.migrations(scratch).deriveRollback(created.getFirst());
      rollback.open().forEach(missing -> common.output().say("to be completed: " + missing));
    }
    return print(files);
  }

  private int print(List<Path> files) {
    Output output = common.output();
    List<String> paths = files.stream().map(Path::toString).toList();
    if (output.isJson()) {
      output.json(
          paths.size() == 1
              ? Map.of("file", paths.getFirst())
              : Map.of("file", paths.getFirst(), "files", paths));
    } else {
      paths.forEach(output::data);
    }
    return ExitCode.DONE;
  }
}
