package dev.sheaf.migration.scratch;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.ChangesetSession;
import dev.sheaf.migration.history.EngineTables;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A scratch database in which changesets are applied.
public final class ScratchSchema implements AutoCloseable {

  private static final Pattern CONCURRENTLY =
      Pattern.compile(
          "((?:CREATE\\s+(?:UNIQUE\\s+)?|DROP\\s+)INDEX\\s+)CONCURRENTLY\\s",
          Pattern.CASE_INSENSITIVE);

  private final ScratchDatabase database;
  private final Connection connection;
  private final MigrationConfig config;
  private @Nullable ChangesetSession changesets;

  private ScratchSchema(ScratchDatabase database, MigrationConfig config) {
    this.database = database;
    this.connection = database.connection();
    this.config = config;
  }

  /// Applies `changesets` in this order, to an empty database or after others, and runs the
  /// backfills that they require. Repeatable ones are applied after the others, in any order that
  /// their dependencies allow.
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
        List<Changeset> repeatables = new ArrayList<>();
        for (Changeset changeset : changesets) {
          if (changeset.file().isRepeatable()) {
            repeatables.add(changeset);
          } else {
            workOffBackfills(changeset, connection, address);
            runner.run(changeset, Direction.UP);
          }
        }
        if (!repeatables.isEmpty()) {
          runner.repeat(List.of(), repeatables, false, _ -> {});
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
    return at(ScratchDatabase.create(server), config, applied);
  }

  /// The same, where what has no schema in its name is created in `public`, whatever search path
  /// the address, the database and the role have.
  public static ScratchSchema inPublic(
      DatabaseAddress server, MigrationConfig config, List<Changeset> applied) throws SQLException {
    ScratchDatabase database = ScratchDatabase.create(server.withoutSchema());
    database.workIn("public");
    return at(database, config, applied);
  }

  private static ScratchSchema at(
      ScratchDatabase database, MigrationConfig config, List<Changeset> applied)
      throws SQLException {
    try {
      ScratchSchema scratch = new ScratchSchema(database, config);
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
  public void makeReadyFor(Changeset changeset) {
    workOffBackfills(changeset, connection, database.address());
  }

  /// Applies `changeset`.
  public void up(Changeset changeset) throws SQLException {
    run(changeset, Direction.UP);
  }

  /// Rolls `changeset` back.
  public void down(Changeset changeset) throws SQLException {
    run(changeset, Direction.DOWN);
  }

  /// Writes rows to all tables, runs a rollback, and undoes both.
  ///
  /// @param before the catalog that the rollback restores
  /// @return why the rollback fails on the rows; empty if it does not
  Optional<SQLException> downAfterMoreRows(Catalog before, List<SqlStatement> down)
      throws SQLException {
    if (down.stream().noneMatch(SqlStatement::mayRejectRows)) {
      return Optional.empty();
    }
    try (Connection session =
        database.address().openWithoutLimits("sheaf " + ProcessIdentity.NAME)) {
      ChangesetSession.applySettings(session);
      return Transactions.callAndRollBack(
          session,
          _ -> {
            SampleRows.addMore(session, before);
            try (Statement statement = session.createStatement()) {
              statement.setEscapeProcessing(false);
              for (SqlStatement sql : down) {
                if (!sql.isClusterWide()) {
                  executeInTransaction(statement, sql);
                }
              }
              statement.execute("SET CONSTRAINTS ALL IMMEDIATE");
              return Optional.empty();
            } catch (SQLException e) {
              // The rollback succeeds by itself; another failure is one of this transaction.
              return SqlStates.isRejection(e) ? Optional.of(e) : Optional.empty();
            }
          });
    }
  }

  /// Concurrent builds differ from others only in their locks.
  private static void executeInTransaction(Statement statement, SqlStatement sql)
      throws SQLException {
    Matcher concurrent = CONCURRENTLY.matcher(sql.withoutLeadingComments());
    if (concurrent.lookingAt()) {
      statement.execute(concurrent.replaceFirst("$1"));
    } else {
      sql.execute(statement);
    }
  }

  private void run(Changeset changeset, Direction direction) throws SQLException {
    DatabaseAddress address = database.address();
    ChangesetSession session =
        changesets == null ? ChangesetSession.open(address, config, connection) : changesets;
    // It is kept for the next changeset, unless this one fails.
    changesets = null;
    try {
      ChangesetRunner.onScratch(connection, session, address, config).run(changeset, direction);
      session.end();
      changesets = session;
    } finally {
      if (changesets == null) {
        session.close();
      }
    }
  }

  @Override
  public void close() throws SQLException {
    try (database) {
      if (changesets != null) {
        changesets.close();
      }
    }
  }
}
