package dev.sheaf.testing;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.execute.ObjectTemplates;
import io.agroal.api.AgroalDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Lets a background worker read the database, blocks it with a table lock when it starts to write,
/// and meanwhile changes what it has read.
public final class WorkerRace {

  private final AgroalDataSource dataSource;
  private final ObjectTemplates templates;

  public WorkerRace(AgroalDataSource dataSource, ObjectTemplates templates) {
    this.dataSource = dataSource;
    this.templates = templates;
  }

  /// The change that happens while the worker is blocked.
  public interface Change {
    void apply(Connection connection) throws SQLException;
  }

  /// Runs `worker`, and `change` while it waits for `table`. Fails if a warning is logged.
  ///
  /// @param mode lock mode that blocks the worker's writes but not its reads
  public void run(Runnable worker, String table, String mode, Change change)
      throws SQLException, InterruptedException, ExecutionException {
    var run = new FutureTask<Void>(worker, null);
    try (var warnings = new Warnings();
        Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try {
        execute(connection, "LOCK TABLE %s IN %s MODE".formatted(table, mode));
        Thread.ofVirtual().start(run);
        await().until(() -> LockWaits.behind(connection) == 1);
        change.apply(connection);
        connection.commit();
      } finally {
        connection.rollback();
        connection.setAutoCommit(true);
      }
      run.get();
      assertThat(warnings.messages()).isEmpty();
    }
  }

  /// Drops a collection in the same way as the service.
  public void drop(Connection connection, String collection) throws SQLException {
    String which = " FROM collection WHERE name = '%s'".formatted(collection);
    long id = number(connection, "SELECT id" + which);
    long space = number(connection, "SELECT active_space_id" + which);
    templates.revert(connection, "space", Map.of("space_id", space));
    templates.revert(connection, "collection", Map.of("collection_id", id));
    execute(connection, "DELETE FROM collection WHERE id = " + id);
  }

  /// The number that a query returns.
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
