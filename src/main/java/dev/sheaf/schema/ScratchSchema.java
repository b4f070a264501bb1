package dev.sheaf.schema;

import dev.sheaf.schema.MigrationListener.Direction;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// Changesets at work in a database that is dropped afterwards.
final class ScratchSchema implements AutoCloseable {

  private final ScratchDatabase database;
  private final Connection connection;
  private final ChangesetRunner runner;

  private ScratchSchema(ScratchDatabase database, Connection connection, SchemaConfig config) {
    this.database = database;
    this.connection = connection;
    this.runner =
        new ChangesetRunner(
            connection, database.address(), config, new MigrationListener() {}, Approval.NONE);
  }

  /// Creates one in which `applied` are applied, in this order.
  ///
  /// @throws SchemaException when one of them fails, or the role may not create databases
  static ScratchSchema at(DatabaseAddress server, SchemaConfig config, List<Changeset> applied)
      throws SQLException {
    ScratchDatabase database = ScratchDatabase.create(server);
    try {
      ScratchSchema scratch =
          new ScratchSchema(database, database.address().open("sheaf " + Client.NAME), config);
      History.prepare(scratch.connection);
      for (Changeset changeset : applied) {
        scratch.makeReadyFor(changeset);
        scratch.up(changeset);
      }
      return scratch;
    } catch (SQLException | RuntimeException e) {
      try (database) {
        throw e;
      }
    }
  }

  Connection connection() {
    return connection;
  }

  /// Works off the backfills that `changeset` requires.
  void makeReadyFor(Changeset changeset) {
    try {
      changeset.workOffRequiredBackfills(connection);
    } catch (SQLException e) {
      throw SqlProblem.running(
          database.address(), "a backfill that " + changeset.label() + " requires", null, e);
    }
  }

  void up(Changeset changeset) {
    runner.run(changeset, Direction.UP);
  }

  void down(Changeset changeset) {
    runner.run(changeset, Direction.DOWN);
  }

  @Override
  public void close() throws SQLException {
    try (database) {
      connection.close();
    }
  }
}
