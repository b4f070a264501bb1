package dev.sheaf.migration.lint;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.execute.ChangesetSession;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Counts rows in the database that changesets are meant for, in read-only transactions, each for a
/// limited time.
public final class LiveRows {

  /// Nobody waits for `check` longer than for a changeset.
  static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(1);

  private final @Nullable DatabaseAddress address;
  private final Set<String> changed = new HashSet<>();
  private final List<String> notes = new ArrayList<>();

  /// The results of earlier queries, which are not repeated.
  private final Map<String, OptionalLong> counted = new LinkedHashMap<>();

  /// @param address the database; `null` if there is none, so that nothing is counted
  LiveRows(@Nullable DatabaseAddress address) {
    this.address = address;
  }

  /// The result of a query that counts rows.
  ///
  /// @param what the rows, for a note why they were not counted
  /// @param tables the tables of the query, as `schema.name`
  /// @param statements the query, after statements that it needs
  /// @return empty if there is no database, or they could not be counted, which is noted
  public OptionalLong count(String what, List<String> tables, List<String> statements) {
    if (address == null) {
      return OptionalLong.empty();
    }
    return counted.computeIfAbsent(
        String.join(";\n", statements), sql -> countNow(address, what, tables, statements, sql));
  }

  private OptionalLong countNow(
      DatabaseAddress database,
      String what,
      List<String> tables,
      List<String> statements,
      String sql) {
    for (String table : tables) {
      if (changed.contains(table)) {
        notCounted(what, "an earlier pending changeset changes " + table);
        return OptionalLong.empty();
      }
    }
    try (Connection connection = database.open("sheaf check")) {
      ChangesetSession.applySettings(connection);
      connection.setReadOnly(true);
      return Transactions.callAndRollBack(
          connection,
          _ -> {
            try (Statement set = connection.createStatement()) {
              set.execute(
                  "SET LOCAL statement_timeout = %s; SET LOCAL lock_timeout = %s"
                      .formatted(LIMIT.toMillis(), LOCK_TIMEOUT.toMillis()));
              set.setEscapeProcessing(false);
              for (String earlier : statements.subList(0, statements.size() - 1)) {
                set.execute(earlier);
              }
            }
            return OptionalLong.of(
                Sql.of(statements.getLast())
                    .first(connection, row -> row.getLong(1))
                    .orElseThrow());
          });
    } catch (SQLException e) {
      notCounted(
          what,
          SqlStates.isTimeout(e)
              ? "it took longer than %s s; run it yourself: %s"
                  .formatted(LIMIT.toSeconds(), sql.strip())
              : SqlErrorMessage.message(e));
      return OptionalLong.empty();
    }
  }

  /// Notes why rows were not counted, if there is a database in which they could have been.
  public void notCounted(String what, String why) {
    String note = what + " were not counted: " + why;
    if (address != null && !notes.contains(note)) {
      notes.add(note);
    }
  }

  /// The tables that a changeset changes. The changesets after it find other rows in them than
  /// there are now.
  void changes(Observation observation) {
    observation
        .tables()
        .filter(table ->
            observation.steps().anyMatch(step -> step.mayWrite(table.oid()))
                || !observation.keepsNames(table))
        .forEach(table -> changed.add(table.qualified()));
  }

  List<String> notes() {
    return notes;
  }
}
