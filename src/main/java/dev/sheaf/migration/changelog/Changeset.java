package dev.sheaf.migration.changelog;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One step of the schema, as its file says it.
///
/// @param file where it stands
/// @param id Liquibase's id, the number as written: `003`
/// @param author Liquibase's author, which is the module
/// @param checksum Liquibase's checksum of the changeset
/// @param comment what it is for, in one line
/// @param transactional whether its statements and its record are one transaction
/// @param up its statements in order
/// @param down the statements that undo it; `null` when the file has no rollback, empty when it
///   says that there is nothing to undo
/// @param directives what the file says to the engine
/// @param requiredBackfills the statements of the backfills that it requires, each for every row at
///   once
public record Changeset(
    ChangelogFile file,
    String id,
    String author,
    String checksum,
    String comment,
    boolean transactional,
    List<String> up,
    @Nullable List<String> down,
    Directives directives,
    List<String> requiredBackfills) {

  /// What empties or drops something, unless nothing of its own is stored in what is dropped.
  private static final Pattern LOSS =
      Pattern.compile(
          "\\b(?:TRUNCATE\\b|DELETE\\s+FROM\\b|DROP\\s++(?!(?:CONSTRAINT|DEFAULT|EXPRESSION|FUNCTION|IDENTITY"
              + "|INDEX|MATERIALIZED|NOT|POLICY|PROCEDURE|RULE|STATISTICS|TRIGGER|VIEW)\\b))[^;\\n]*",
          Pattern.CASE_INSENSITIVE);

  /// What its rollback destroys: what its file says, or else what the first such statement drops;
  /// `null` when it destroys nothing.
  ///
  /// It is read from the text, because it has to be known before anything runs. Where the text
  /// misleads, a backup is taken that was not needed.
  public @Nullable String rollbackLoses() {
    if (directives.lossyRollback() != null || down == null) {
      return directives.lossyRollback();
    }
    return down.stream()
        .map(LOSS::matcher)
        .filter(Matcher::find)
        .map(Matcher::group)
        .findFirst()
        .orElse(null);
  }

  Changeset requiring(List<String> backfills) {
    return new Changeset(
        file, id, author, checksum, comment, transactional, up, down, directives, backfills);
  }

  /// Works off what this requires, in a scratch database, where nobody else is at work and nobody
  /// would do it.
  public void workOffRequiredBackfills(Connection scratch) throws SQLException {
    try (Statement statement = scratch.createStatement()) {
      statement.setEscapeProcessing(false);
      for (String backfill : requiredBackfills) {
        statement.execute(backfill);
      }
    }
  }

  public String module() {
    return file.module();
  }

  public int number() {
    return file.number();
  }

  /// `module/NNN_name`, as people say it.
  public String label() {
    String path = file.shortPath();
    return path.substring(0, path.length() - ".sql".length());
  }
}
