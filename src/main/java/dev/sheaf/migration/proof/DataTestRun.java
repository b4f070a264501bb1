package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.DataTest;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.execute.ChangesetSession;
import dev.sheaf.migration.scratch.ScratchSchema;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Runs a [DataTest] in a scratch database of its own, which has no other rows.
final class DataTestRun {

  private static final String NULL = "\\N";

  private final ScratchSchema scratch;
  private final DataTest test;
  private final List<Difference> differences = new ArrayList<>();

  private DataTestRun(ScratchSchema scratch, DataTest test) {
    this.scratch = scratch;
    this.test = test;
  }

  /// Runs a test.
  ///
  /// @param before the changesets before the tested one, in order
  /// @return the queries that have other rows than expected, with both
  /// @throws OperatorException if a statement of the test or the changeset fails
  static List<Difference> of(
      DatabaseAddress server,
      MigrationConfig config,
      List<Changeset> before,
      Changeset changeset,
      DataTest test)
      throws SQLException {
    try (ScratchSchema scratch = ScratchSchema.at(server, config, before)) {
      return new DataTestRun(scratch, test).run(changeset);
    }
  }

  private List<Difference> run(Changeset changeset) throws SQLException {
    scratch.makeReadyFor(changeset);
    inSession(statement -> {
      for (SqlStatement given : test.given()) {
        execute(statement, given);
      }
    });
    scratch.up(changeset);
    inSession(statement -> {
      if (changeset.backfill().isPresent()) {
        BackfillDeclaration backfill = changeset.backfill().get();
        statement.execute(backfill.forEveryRow());
      }
      compare(statement, "after up", test.up());
    });
    if (!test.down().isEmpty()) {
      scratch.down(changeset);
      inSession(statement -> compare(statement, "after down", test.down()));
    }
    return differences;
  }

  private interface Work {
    void with(Statement statement) throws SQLException;
  }

  /// A session that begins as that of a changeset does.
  private void inSession(Work work) throws SQLException {
    try (Connection connection = scratch.address().openWithoutLimits("sheaf prove");
        Statement statement = connection.createStatement()) {
      ChangesetSession.applySettings(connection);
      statement.setEscapeProcessing(false);
      work.with(statement);
    }
  }

  private void execute(Statement statement, SqlStatement sql) {
    try {
      sql.execute(statement);
    } catch (SQLException e) {
      throw failure(sql, e);
    }
  }

  private OperatorException failure(SqlStatement sql, SQLException e) {
    return SqlErrorMessage.running(
        scratch.address(), "its test %s:%s".formatted(test.path(), sql.line()), sql.sql(), e);
  }

  private void compare(Statement statement, String when, List<DataTest.Expectation> expectations) {
    for (DataTest.Expectation expectation : expectations) {
      List<String> actual = rows(statement, expectation.query());
      if (!actual.equals(expectation.rows())) {
        differences.add(
            new Difference(
                Difference.Kind.CHANGED,
                "rows %s, %s:%s: %s"
                    .formatted(
                        when,
                        test.path(),
                        expectation.query().line(),
                        expectation.query().firstLine()),
                text(expectation.rows()),
                text(actual)));
      }
    }
  }

  private List<String> rows(Statement statement, SqlStatement query) {
    List<String> rows = new ArrayList<>();
    try {
      if (!statement.execute(query.sql())) {
        return rows;
      }
      try (ResultSet row = statement.getResultSet()) {
        int columns = row.getMetaData().getColumnCount();
        while (row.next()) {
          List<String> values = new ArrayList<>();
          for (int i = 1; i <= columns; i++) {
            values.add(text(row.getString(i)));
          }
          rows.add(String.join(" | ", values).strip());
        }
      }
      return rows;
    } catch (SQLException e) {
      throw failure(query, e);
    }
  }

  /// A value in one line, as `COPY` writes it, with `|` instead of the tab.
  private static String text(@Nullable String value) {
    return value == null
        ? NULL
        : value
            .replace("\\", "\\\\")
            .replace("|", "\\|")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            .replace("\t", "\\t");
  }

  private static String text(List<String> rows) {
    return rows.isEmpty() ? "no rows" : String.join("\n", rows);
  }
}
