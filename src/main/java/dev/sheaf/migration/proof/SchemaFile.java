package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.CatalogObjects;
import dev.sheaf.migration.catalog.CatalogScript;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.Trash;
import dev.sheaf.migration.scratch.ScratchSchema;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A file of SQL that makes a schema in an empty database: the one that all changesets make, for
/// reviews, or the one that a person wrote.
///
/// The text depends on the catalog and on the version of PostgreSQL alone: objects are ordered by
/// kind, name and dependencies, and names without a schema are in `public`. Owners, privileges and
/// rows are no part of it.
public final class SchemaFile {

  /// More objects are not listed in a message.
  private static final int LISTED = 20;

  private static final String FIRST_LINE = "-- Schema, written by sheaf migrate snapshot.";

  private static final String HEADER =
      FIRST_LINE
          + " Do not edit it: change the changelogs.\n\n"
          + "SET search_path = public;\nSET check_function_bodies = off;\n";

  private final DatabaseAddress server;
  private final MigrationConfig config;

  /// @param server the server on which scratch databases are created
  public SchemaFile(DatabaseAddress server, MigrationConfig config) {
    this.server = server;
    this.config = config;
  }

  /// The text of the file for the schema that `changesets` make.
  ///
  /// @throws OperatorException if the schema has objects that Sheaf cannot write as SQL; it names
  ///   them
  public String text(List<Changeset> changesets) throws SQLException {
    try (ScratchSchema head = head(changesets)) {
      String text = HEADER + statements(head, List.of());
      List<Difference> differences =
          differences(head, ChangelogFile.outside("schema.sql", utf8(text)));
      if (!differences.isEmpty()) {
        throw cannotWrite(differences);
      }
      return text;
    }
  }

  /// The statements that make the schema of `head`, from that of `changesets`.
  private String statements(ScratchSchema head, List<Changeset> changesets) throws SQLException {
    CatalogObjects target = CatalogObjects.of(head.connection()).withoutEngine();
    StringBuilder text = new StringBuilder();
    try (ScratchSchema scratch = ScratchSchema.inPublic(server, config, changesets)) {
      for (CatalogScript.Line line : CatalogScript.towards(scratch.connection(), target)) {
        if (line.failure() == null) {
          text.append('\n').append(line.sql()).append(";\n");
        }
      }
    }
    return text.toString();
  }

  /// How what the file makes differs from what `changesets` make.
  ///
  /// @throws OperatorException if the file cannot be read or run
  public List<Difference> differences(List<Changeset> changesets, Path file) throws SQLException {
    try (ScratchSchema head = head(changesets)) {
      return differences(head, ChangelogFile.outside(file.toString(), read(file)));
    }
  }

  private List<Difference> differences(ScratchSchema head, ChangelogFile file) throws SQLException {
    try (ScratchSchema made = make(file)) {
      return CatalogSnapshot.of(head.connection())
          .ofChangelogs()
          .differences(CatalogSnapshot.of(made.connection()).ofChangelogs());
    }
  }

  /// A scratch database with the schema that a file makes.
  private ScratchSchema make(ChangelogFile file) throws SQLException {
    return make(server, config, file);
  }

  /// The same for the path of a file.
  static ScratchSchema make(DatabaseAddress server, MigrationConfig config, Path file)
      throws SQLException {
    return make(server, config, ChangelogFile.outside(file.toString(), read(file)));
  }

  private static ScratchSchema make(
      DatabaseAddress server, MigrationConfig config, ChangelogFile file) throws SQLException {
    Changeset changeset = Changeset.of(file);
    changeset.requireRunnable();
    return ScratchSchema.inPublic(server, config, List.of(changeset));
  }

  private ScratchSchema head(List<Changeset> changesets) throws SQLException {
    ScratchSchema head = ScratchSchema.inPublic(server, config, changesets);
    try {
      // What is there depends on when the trash was emptied.
      Trash.empty(head.connection());
      return head;
    } catch (SQLException e) {
      try (head) {
        throw e;
      }
    }
  }

  private static OperatorException cannotWrite(List<Difference> differences) {
    return new OperatorException(
        "the schema has objects that cannot be written as SQL: "
            + Abbreviation.of(differences.stream().map(Difference::object).toList(), LISTED),
        "pg_dump --schema-only writes every kind of object");
  }

  /// Whether [#text] wrote a file.
  ///
  /// @param file need not exist
  public static boolean isWritten(Path file) {
    return Files.isRegularFile(file) && text(read(file)).startsWith(FIRST_LINE);
  }

  /// Writes the file.
  ///
  /// @return whether it was another one before
  /// @throws OperatorException if somebody else wrote it
  public static boolean write(Path file, String text) {
    @Nullable String before = Files.exists(file) ? text(read(file)) : null;
    if (before != null && !before.isBlank() && !before.startsWith(FIRST_LINE)) {
      throw new OperatorException(
          file + " was not written by sheaf migrate snapshot",
          "delete it, or give the snapshot another name: --file");
    }
    try {
      Files.writeString(file, text);
      return !text.equals(before);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new OperatorException("there is no file " + file, "give its path", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
