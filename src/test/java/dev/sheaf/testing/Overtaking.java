package dev.sheaf.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.execute.ObjectTemplates;
import io.agroal.api.AgroalDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.awaitility.Awaitility;

/// Lets a background worker look, holds it where it acts, and changes what it saw: with a lock that
/// lets everybody read.
public final class Overtaking {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final AgroalDataSource dataSource;
  private final ObjectTemplates templates;

  public Overtaking(AgroalDataSource dataSource, ObjectTemplates templates) {
    this.dataSource = dataSource;
    this.templates = templates;
  }

  /// What happens between the look and the act.
  public interface Change {
    void in(Connection connection) throws SQLException;
  }

  /// Runs `worker`, and `change` once it waits for `table`; nothing may be logged as a warning.
  ///
  /// @param mode of the lock that it has to wait for
  public void of(Runnable worker, String table, String mode, Change change)
      throws SQLException, InterruptedException, ExecutionException {
    var run = new FutureTask<Void>(worker, null);
    try (var warnings = new Warnings();
        Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try {
        execute(connection, "LOCK TABLE %s IN %s MODE".formatted(table, mode));
        Thread.ofVirtual().start(run);
        Awaitility.await().atMost(PATIENCE).until(() -> LockWaits.behind(connection) == 1);
        change.in(connection);
        connection.commit();
      } finally {
        connection.rollback();
        connection.setAutoCommit(true);
      }
      run.get();
      assertThat(warnings.messages()).isEmpty();
    }
  }

  /// Drops a collection, as the service does.
  public void drop(Connection connection, String collection) throws SQLException {
    String which = " FROM collection WHERE name = '%s'".formatted(collection);
    long id = number(connection, "SELECT id" + which);
    long space = number(connection, "SELECT active_space_id" + which);
    templates.revert(connection, "space", Map.of("space_id", space));
    templates.revert(connection, "collection", Map.of("collection_id", id));
    execute(connection, "DELETE FROM collection WHERE id = " + id);
  }

  /// The number that a query has found.
  public static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
