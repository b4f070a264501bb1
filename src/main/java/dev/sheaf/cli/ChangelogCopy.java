package dev.sheaf.cli;

import dev.sheaf.migration.DerivedRollback;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.engine.ProofSelection;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A copy of a directory of changelogs, in which a command writes changesets and proves them before
/// they are written for good.
///
/// @param root the directory, which need not exist
/// @param directory the copy
record ChangelogCopy(Path root, Path directory) implements AutoCloseable {

  static ChangelogCopy of(Path root) {
    try {
      ChangelogCopy copy = new ChangelogCopy(root, Files.createTempDirectory("sheaf-create"));
      if (Files.isDirectory(root)) {
        copyNew(root, copy.directory);
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Requires that a changeset of the copy has a whole rollback.
  static void requireComplete(DerivedRollback rollback) {
    if (!rollback.open().isEmpty()) {
      throw new OperatorException(
          "not written, because it has no rollback: " + String.join("; ", rollback.open()),
          "write the changeset by hand");
    }
  }

  /// Requires that a changeset of the copy can be rolled back and applied again.
  ///
  /// @param migrations the engine with the changelogs of the copy
  static void prove(Migrations migrations, Path file) {
    for (RollbackProof proof : migrations.prove(new ProofSelection.One(file), null, _ -> {})) {
      if (proof.verdict() == RollbackProof.Verdict.FAILED) {
        throw new OperatorException(
            "not written, because its rollback is not proven: " + proof.reason(),
            "write the changeset by hand");
      }
    }
  }

  /// Copies the new files of the copy into the directory.
  ///
  /// @param written some of them
  /// @return the paths of those there
  List<Path> takeOver(List<Path> written) {
    try {
      copyNew(directory, root);
      return written.stream().map(file -> root.resolve(directory.relativize(file))).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copyNew(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else if (!Files.exists(target)) {
          Files.copy(path, target);
        }
      }
    }
  }

  @Override
  public void close() {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
