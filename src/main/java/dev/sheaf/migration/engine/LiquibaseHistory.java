package dev.sheaf.migration.engine;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.LiquibaseChangelog;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What the rows of Liquibase in `databasechangelog` say is applied.
final class LiquibaseHistory {

  private LiquibaseHistory() {}

  /// The changesets with the checksums of the rows of Liquibase. Its authors, ids and paths do not
  /// matter.
  static List<Changeset> applied(List<History.Foreign> rows, List<Changeset> module) {
    requireRows(rows);
    List<Changeset> left = new ArrayList<>(module);
    List<String> missing = new ArrayList<>();
    for (History.Foreign row : rows) {
      Optional<Changeset> same =
          left.stream()
              .filter(c -> row.checksum() != null && c.isWhatWasApplied(row.checksum(), null))
              .findFirst();
      if (same.isPresent()) {
        left.remove(same.get());
      } else {
        missing.add(row.toString());
      }
    }
    if (!missing.isEmpty()) {
      throw new OperatorException(
          "Liquibase has applied what no file has the checksum of: "
              + Abbreviation.of(missing, Adoption.LISTED),
          rows.stream().anyMatch(row -> row.checksum() != null && !row.checksum().startsWith("9:"))
              ? "let Liquibase 4.22 or later run once: it renews checksums that do not begin with 9:"
              : "write each changeset of formatted SQL into a file of its own, with the same statements");
    }
    return module.stream().filter(changeset -> !left.contains(changeset)).toList();
  }

  private static void requireRows(List<History.Foreign> rows) {
    if (rows.isEmpty()) {
      throw new OperatorException(
          "databasechangelog has no rows of Liquibase", "apply the files: sheaf migrate up");
    }
  }

  /// Liquibase's own lock, which a process leaves behind that was killed.
  static void requireUnlocked(Connection connection) throws SQLException {
    List<String> locks =
        Sql.of(
                "SELECT coalesce(lockedby, '?') || ' since ' || coalesce(lockgranted::text, '?')"
                    + " FROM databasechangeloglock WHERE locked")
            .listIfExists(connection, row -> row.getString(1));
    if (!locks.isEmpty()) {
      throw new OperatorException(
          "databasechangeloglock is locked by " + locks.getFirst(),
          "wait until Liquibase ends; if it was killed, find out which of its statements ran, and run liquibase"
              + " release-locks");
    }
  }

  /// A changelog of Liquibase in files of Sheaf: first those of the rows, in their order.
  static Changesets split(Changelogs changelogs, String module, List<History.Foreign> rows) {
    requireRows(rows);
    LiquibaseChangelog changelog = LiquibaseChangelog.in(Path.of(changelogs.origin()));
    Set<LiquibaseChangelog.Entry> left = new LinkedHashSet<>(changelog.entries());
    List<LiquibaseChangelog.Entry> applied = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (History.Foreign row : rows) {
      List<LiquibaseChangelog.Entry> named =
          changelog.entries().stream()
              .filter(entry -> entry.isNamed(row.id(), row.author(), row.path()))
              .toList();
      Optional<LiquibaseChangelog.Entry> found =
          (named.isEmpty() && row.checksum() != null ? List.copyOf(left) : named)
              .stream()
                  .filter(entry -> left.contains(entry) && entry.isWhatWasApplied(row.checksum()))
                  .max(Comparator.comparingInt(entry -> entry.path().length()));
      if (found.isPresent()) {
        left.remove(found.get());
        applied.add(found.get());
      } else if (named.isEmpty()) {
        missing.add(row.toString());
      } else {
        throw new OperatorException(
            named.getFirst() + " was modified after Liquibase applied it",
            "restore the changeset, and write the change as a new one");
      }
    }
    if (!missing.isEmpty()) {
      throw new OperatorException(
          "Liquibase has applied what is in no file: " + Abbreviation.of(missing, Adoption.LISTED),
          "restore its changeset from version control, or give the directory of all files");
    }
    Changelogs split = changelog.split(module, applied);
    return new Changesets(split, Modules.everything(split));
  }
}
