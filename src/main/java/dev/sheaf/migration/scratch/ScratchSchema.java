package dev.sheaf.migration.scratch;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.ChangesetSession;
import dev.sheaf.migration.history.EngineTables;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// A scratch database in which changesets are applied.
public final class ScratchSchema implements AutoCloseable {

  private final ScratchDatabase database;
  private final Connection connection;
  private final MigrationConfig config;

  private ScratchSchema(ScratchDatabase database, Connection connection, MigrationConfig config) {
    this.database = database;
    this.connection = connection;
    this.config = config;
  }

  /// Applies `changesets` in this order, to an empty database or after others, and runs the
  /// backfills that they require.
  public static void apply(
      List<Changeset> changesets,
      Connection connection,
      DatabaseAddress address,
      MigrationConfig config)
      throws SQLException {
    EngineTables.prepare(connection);
    if (!changesets.isEmpty()) {
      try (ChangesetSession session = ChangesetSession.open(address, config, connection)) {
        ChangesetRunner runner = ChangesetRunner.onScratch(connection, session, address, config);
        for (Changeset changeset : changesets) {
          workOffBackfills(changeset, connection, address);
          runner.run(changeset, Direction.UP);
        }
      }
    }
  }

  private static void workOffBackfills(
      Changeset changeset, Connection connection, DatabaseAddress address) {
    try {
      changeset.workOffRequiredBackfills(connection);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(
          address, "a backfill that " + changeset.label() + " requires", e);
    }
  }

  /// Creates a scratch database in which `applied` are applied, in this order.
  ///
  /// @throws OperatorException if a changeset fails, or the role may not create databases
  public static ScratchSchema at(
      DatabaseAddress server, MigrationConfig config, List<Changeset> applied) throws SQLException {
    ScratchDatabase database = ScratchDatabase.create(server);
    try {
      ScratchSchema scratch =
          new ScratchSchema(
              database, database.address().open("sheaf " + ProcessIdentity.NAME), config);
      apply(applied, scratch.connection, database.address(), config);
      return scratch;
    } catch (SQLException | RuntimeException e) {
      try (database) {
        throw e;
      }
    }
  }

  public Connection connection() {
    return connection;
  }

  public DatabaseAddress address() {
    return database.address();
  }

  /// Runs the backfills that `changeset` requires.
  void makeReadyFor(Changeset changeset) {
    workOffBackfills(changeset, connection, database.address());
  }

  void up(Changeset changeset) throws SQLException {
    run(changeset, Direction.UP);
  }

  void down(Changeset changeset) throws SQLException {
    run(changeset, Direction.DOWN);
  }

  private void run(Changeset changeset, Direction direction) throws SQLException {
    DatabaseAddress address = database.address();
    try (ChangesetSession session = ChangesetSession.open(address, config, connection)) {
      ChangesetRunner.onScratch(connection, session, address, config).run(changeset, direction);
    }
  }

  @Override
  public void close() throws SQLException {
    try (database) {
      connection.close();
    }
  }
}
