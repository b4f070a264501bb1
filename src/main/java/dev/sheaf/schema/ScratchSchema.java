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
    this.runner = runner(connection, database.address(), config);
  }

  private static ChangesetRunner runner(
      Connection connection, DatabaseAddress address, SchemaConfig config) {
    return new ChangesetRunner(
        connection, address, config, new MigrationListener() {}, Approval.NONE);
  }

  /// Applies `changesets`, in this order, in an empty database or one in which others are applied
  /// like this, with what the backfills that they require would do.
  static void apply(
      List<Changeset> changesets,
      Connection connection,
      DatabaseAddress address,
      SchemaConfig config)
      throws SQLException {
    History.prepare(connection);
    ChangesetRunner runner = runner(connection, address, config);
    for (Changeset changeset : changesets) {
      workOffBackfills(changeset, connection, address);
      runner.run(changeset, Direction.UP);
    }
  }

  private static void workOffBackfills(
      Changeset changeset, Connection connection, DatabaseAddress address) {
    try {
      changeset.workOffRequiredBackfills(connection);
    } catch (SQLException e) {
      throw SqlProblem.running(
          address, "a backfill that " + changeset.label() + " requires", null, e);
    }
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
      apply(applied, scratch.connection, database.address(), config);
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
    workOffBackfills(changeset, connection, database.address());
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
