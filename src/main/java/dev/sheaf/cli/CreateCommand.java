package dev.sheaf.cli;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.DerivedRollback;
import dev.sheaf.migration.changelog.ChangelogDraft;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.proof.EntityComparison;
import dev.sheaf.migration.proof.SchemaComparison;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
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
      converter = VersionArgument.class,
      description = "The number of the file. Default: the next free one.")
  private @Nullable ChangesetVersion number;

  @Option(
      names = "--pair",
      description =
          "Write a pair of files, NNN_name.up.sql and NNN_name.down.sql, if the module has no files yet.")
  private boolean pair;

  @Option(
      names = "--repeatable",
      description =
          "Write R__name.sql, which is run again when it changes, for views and functions.")
  private boolean repeatable;

  @Option(
      names = "--from-entities",
      description = "Write the changes that the entities need, and their rollback.")
  private boolean fromEntities;

  @Option(
      names = "--from-database",
      paramLabel = "URL",
      converter = UrlArgument.class,
      description =
          "Write the changes that make the schema of the changelogs that of a database, and their rollback.")
  private @Nullable String fromDatabase;

  @Option(
      names = "--from-schema",
      paramLabel = "FILE",
      description = "The same for the schema that a file of SQL makes in an empty database.")
  private @Nullable Path fromSchema;

  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Override
  public Integer call() {
    if (repeatable) {
      return print(List.of(ChangelogDraft.createRepeatable(common.sources(), module, name)));
    }
    if (isFromSchema()) {
      return fromSchema();
    }
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
    return print(write(comparison.parts(), comparison::body));
  }

  private List<Path> write(
      List<EntityComparison.Part> parts, Function<EntityComparison.Part, String> body) {
    List<Path> files = new ArrayList<>();
    @Nullable ChangesetVersion version = number;
    for (EntityComparison.Part part : parts) {
      List<Path> created =
          ChangelogDraft.create(
              new ChangelogDraft.Request(
                  common.sources(),
                  module,
                  files.isEmpty() ? name : name + " " + part.suffix(),
                  Optional.ofNullable(version),
                  pair,
                  body.apply(part),
                  part.transactional()));
      files.add(created.getFirst());
      version = version == null ? null : version.next();
      // A new engine, because there is one more changelog now.
      DerivedRollback rollback = common.migrations(scratch).deriveRollback(created.getFirst());
      if (isFromSchema()) {
        ChangelogCopy.requireComplete(rollback);
      }
      rollback.open().forEach(missing -> common.output().say("to be completed: " + missing));
    }
    return files;
  }

  private boolean isFromSchema() {
    return fromDatabase != null || fromSchema != null;
  }

  /// Writes the changesets in a copy of the changelogs, and proves them there, before they are
  /// written for good.
  private int fromSchema() {
    Path root = common.sources();
    try (ChangelogCopy copy = ChangelogCopy.of(root)) {
      common.useRoot(copy.directory());
      List<EntityComparison.Part> parts = compare();
      if (parts.isEmpty()) {
        if (common.output().isJson()) {
          common.output().json(Map.of());
        }
        common.output().say("the changelogs make this schema");
        return ExitCode.DONE;
      }
      List<Path> files = write(parts, part -> String.join(";\n", part.statements()) + ";");
      for (Path file : files) {
        ChangelogCopy.prove(common.migrations(scratch), file);
      }
      if (!compare().isEmpty()) {
        throw new OperatorException("the changesets do not make this schema", "write them by hand");
      }
      return print(copy.takeOver(files));
    }
  }

  private List<EntityComparison.Part> compare() {
    SchemaComparison comparison = common.comparison(scratch);
    try {
      return fromDatabase != null
          ? comparison.withDatabase(common.database(fromDatabase))
          : comparison.withFile(Objects.requireNonNull(fromSchema));
    } catch (SQLException e) {
      throw new OperatorException(
          "cannot compare the schema: " + SqlErrorMessage.message(e), "correct that", e);
    }
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
