package dev.sheaf.cli;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.changelog.ChangelogDraft;
import dev.sheaf.migration.changelog.ChangelogForm;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.lint.Allowances;
import dev.sheaf.migration.proof.Squash;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate squash`
@Command(
    name = "squash",
    description =
        "Replace the first changesets of a module by one that makes the same, for new databases. Databases that have"
            + " all of them go on.",
    mixinStandardHelpOptions = true)
final class SquashCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Parameters(
      paramLabel = "NAME",
      arity = "0..1",
      defaultValue = "squashed",
      description = "What the changeset is called. Default: squashed.")
  private String name = "";

  @Option(names = "--module", paramLabel = "M", required = true, description = "The module.")
  private String module = "";

  @Option(
      names = "--to",
      paramLabel = "N",
      required = true,
      converter = VersionArgument.class,
      description = "The number of the last changeset to replace.")
  private ChangesetVersion to = ChangesetVersion.NONE;

  @Override
  public Integer call() {
    Path root = common.sources();
    try (ChangelogCopy copy = ChangelogCopy.of(root)) {
      common.useRoot(copy.directory());
      Squash squash = common.squash(scratch, module, to);
      Changeset first = squash.replaced().getFirst();
      String text = squash.text();
      Path directory = Changelogs.directory(root, module);
      delete(squash, Changelogs.directory(copy.directory(), module));
      if (directory.equals(root)
          && !Changelogs.directory(copy.directory(), module).equals(copy.directory())) {
        throw new OperatorException(
            "%s has no changeset after %s, and without one it is no module".formatted(root, to),
            "squash the changesets before it");
      }
      Path file =
          ChangelogDraft.create(
                  new ChangelogDraft.Request(
                      copy.directory(),
                      module,
                      name,
                      Optional.of(to),
                      first.file().form() == ChangelogForm.PAIR,
                      text.stripTrailing(),
                      true))
              .getFirst();
      if (squash.files().contains(file.getFileName().toString())) {
        throw new OperatorException(
            "a file that would be replaced is called " + file.getFileName(),
            "give the changeset another name");
      }
      Changelogs changelogs = Changelogs.in(copy.directory());
      squash.requireSame(changelogs.changeset(changelogs.at(file).orElseThrow()));
      ChangelogCopy.requireComplete(common.migrations(scratch).deriveRollback(file));
      ChangelogCopy.prove(common.migrations(scratch), file);
      List<Path> created = copy.takeOver(List.of(file));
      List<Path> deleted = delete(squash, directory);
      print(squash, created, deleted);
      return ExitCode.DONE;
    } catch (SQLException e) {
      throw new OperatorException(
          "cannot squash: " + SqlErrorMessage.message(e), "correct that, and run it again", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Deletes the files of the replaced changesets, and what `check` may not report of them.
  private List<Path> delete(Squash squash, Path directory) throws IOException {
    List<Path> deleted = new ArrayList<>();
    for (String name : squash.files()) {
      if (Files.deleteIfExists(directory.resolve(name))) {
        deleted.add(directory.resolve(name));
      }
    }
    Path allowances = directory.resolve(Changelogs.ALLOWANCES);
    if (Files.exists(allowances)) {
      Files.writeString(allowances, Allowances.withoutUpTo(to, Files.readString(allowances)));
    }
    return deleted;
  }

  private void print(Squash squash, List<Path> created, List<Path> deleted) {
    Output output = common.output();
    List<String> files = created.stream().map(Path::toString).toList();
    if (output.isJson()) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("files", files);
      result.put("replaced", squash.replaced().stream().map(Changeset::label).toList());
      result.put("deleted", deleted.stream().map(Path::toString).toList());
      output.json(result);
    } else {
      files.forEach(output::data);
    }
    output.say(
        "it makes the same as %s to %s; %s deleted"
            .formatted(
                squash.replaced().getFirst().label(),
                squash.replaced().getLast().label(),
                Output.count(deleted.size(), "file")));
  }
}
