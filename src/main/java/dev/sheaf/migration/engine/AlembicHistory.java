package dev.sheaf.migration.engine;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What the revision of Alembic says is applied.
final class AlembicHistory {

  /// How the SQL that Alembic writes records a revision.
  private static final Pattern REVISION =
      Pattern.compile(
          "(?:INSERT\\s+INTO|UPDATE)\\s+(?:\\w+\\.)?alembic_version\\s.*?'(\\w+)'.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private AlembicHistory() {}

  /// The changesets up to the one whose SQL, written by Alembic, records the revision of the
  /// database.
  ///
  /// @param named the table of Alembic; `null` for its default
  static List<Changeset> applied(
      Connection connection, @Nullable String named, List<Changeset> module) throws SQLException {
    String table = named == null ? "alembic_version" : named;
    String found =
        Sql.of("SELECT coalesce(to_regclass(?)::text, '')", table)
            .first(connection, row -> row.getString(1))
            .orElseThrow();
    List<String> revisions =
        found.isEmpty()
            ? List.of()
            : Sql.of("SELECT version_num FROM %s ORDER BY 1".formatted(found))
                .list(connection, row -> row.getString(1));
    if (revisions.size() != 1) {
      throw new OperatorException(
          revisions.isEmpty()
              ? "there is no revision of Alembic in " + table
              : table + " has several heads: " + String.join(", ", revisions),
          revisions.isEmpty()
              ? "give the name of its table: --table SCHEMA.NAME"
              : "merge them with Alembic first: alembic merge heads");
    }
    Changeset last =
        module.stream()
            .filter(changeset -> revisions.getFirst().equals(revision(changeset)))
            .findFirst()
            .orElseThrow(() ->
                new OperatorException(
                    "%s is at revision %s, and no file records it"
                        .formatted(table, revisions.getFirst()),
                    "write each revision into a file: alembic upgrade OLD:NEW --sql > NNN_name.sql, and its"
                        + " rollback: alembic downgrade NEW:OLD --sql > NNN_name_down.sql"));
    return module.stream()
        .filter(changeset -> !changeset.version().isAfter(last.version()))
        .toList();
  }

  /// The last revision that a changeset records; `null` if it records none.
  private static @Nullable String revision(Changeset changeset) {
    return changeset.up().reversed().stream()
        .map(statement -> REVISION.matcher(statement.beginning()))
        .filter(Matcher::matches)
        .map(matcher -> matcher.group(1))
        .findFirst()
        .orElse(null);
  }
}
