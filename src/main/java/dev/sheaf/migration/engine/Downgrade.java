package dev.sheaf.migration.engine;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.engine.Migrations.Dependents;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.Rollbacks;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Rolls changesets back, while the `SchemaLock` is held.
final class Downgrade {

  private final Connection connection;
  private final RollbackDependents dependents;
  private final Rollbacks rollbacks;
  private final Repeatables repeatables;
  private final ProductionGuards guards;
  private final ChangesetRunner runner;
  private final ResultRecorder recorder;

  /// @param connection the engine's
  Downgrade(
      Connection connection,
      Changesets changesets,
      RollbackDependents dependents,
      ProductionGuards guards,
      ChangesetRunner runner,
      ResultRecorder recorder) {
    this.connection = connection;
    this.dependents = dependents;
    this.rollbacks = new Rollbacks(connection, changesets, recorder);
    this.repeatables = new Repeatables(connection, changesets, runner, recorder);
    this.guards = guards;
    this.runner = runner;
    this.recorder = recorder;
  }

  /// Rolls changesets of `module` back.
  ///
  /// @param interrupted later changesets that were interrupted while they were applied; they are
  ///   rolled back first
  /// @param rows applied changesets, the last one first
  /// @throws OperatorException if others depend on them and `choice` refuses that
  void rollBack(
      String module,
      List<History.Applied> interrupted,
      List<History.Applied> rows,
      Dependents choice)
      throws SQLException {
    rollbacks.requireWhole(rows);
    rollBack(
        Stream.concat(dependents.interrupted(module, choice).stream(), interrupted.stream())
            .toList(),
        dependents.with(module, rows, choice));
  }

  /// Rolls back what was applied last, of any module, on which nothing else can depend.
  ///
  /// @param interrupted all changesets that were interrupted while they were applied
  /// @param rows the changesets that were applied last, the last one first
  void rollBack(List<History.Applied> interrupted, List<History.Applied> rows) throws SQLException {
    List<Changeset> applied = rollbacks.of(rows);
    for (Changeset changeset :
        Stream.concat(rollbacks.of(interrupted).stream(), applied.stream()).toList()) {
      changeset.requireRollback();
      guards.requireBackupOfRollback(connection, changeset);
    }
    // Views and functions depend on what is rolled back.
    List<String> dropped = repeatables.drop();
    try {
      rollBackInterrupted(interrupted);
      for (Changeset changeset : applied) {
        recorder.executed.add(runner.run(changeset, Direction.DOWN));
      }
    } finally {
      repeatables.restore(dropped);
    }
  }

  /// Rolls everything back. Objects that no longer exist are skipped.
  ///
  /// @return the changesets that were rolled back
  List<Changeset> rollBackEverything() throws SQLException {
    List<History.Applied> interrupted = History.interrupted(connection, Direction.UP);
    repeatables.dropAll();
    List<Changeset> all = new ArrayList<>(rollbacks.of(interrupted));
    rollBackInterrupted(interrupted);
    for (Changeset changeset : rollbacks.of(History.read(connection).reversed())) {
      recorder.executed.add(runner.undo(changeset));
      all.add(changeset);
    }
    return all;
  }

  /// The objects that changesets created and that still exist, such as `table public.item`.
  static List<String> leftovers(Connection connection, List<Changeset> rolledBack)
      throws SQLException {
    List<Changeset.Created> created =
        rolledBack.stream().flatMap(changeset -> changeset.creates().stream()).distinct().toList();
    String sql =
        """
        SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                            WHEN 'f' THEN 'foreign table' ELSE 'table' END,
               c.oid, relnamespace, quote_ident(relname)
          FROM created
          JOIN pg_class c ON c.oid = to_regclass(name) AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
         WHERE kind = 'TABLE'
        UNION
        SELECT 'type', t.oid, typnamespace, quote_ident(typname)
          FROM created
          JOIN pg_type t ON t.oid = to_regtype(name)
         WHERE kind = 'TYPE'
        UNION
        SELECT 'function', p.oid, pronamespace, quote_ident(proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'
          FROM (SELECT parse_ident(name) AS path FROM created WHERE kind = 'FUNCTION') AS f
          JOIN pg_proc p ON proname = path[cardinality(path)]
           AND CASE cardinality(path) WHEN 1 THEN pg_function_is_visible(p.oid)
                                      ELSE pronamespace = to_regnamespace(quote_ident(path[1])) END
           AND pronamespace <> 'pg_catalog'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_depend
                            WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
        UNION
        SELECT 'schema', n.oid, 0, quote_ident(nspname)
          FROM created
          JOIN pg_namespace n ON n.oid = to_regnamespace(name)
         WHERE kind = 'SCHEMA' AND nspname <> 'public'
        """;
    return Sql.of(
            """
            WITH created (kind, name) AS (SELECT * FROM unnest(?::text[], ?::text[])),
                 found (kind, oid, home, name) AS (%s)
            SELECT kind || ' ' || coalesce(quote_ident(nspname) || '.', '') || name
              FROM found
              LEFT JOIN pg_namespace n ON n.oid = home
             ORDER BY 1
            """
                .formatted(sql),
            created.stream().map(Changeset.Created::kind).toArray(String[]::new),
            created.stream().map(Changeset.Created::name).toArray(String[]::new))
        .list(connection, row -> row.getString(1));
  }

  /// Finishes interrupted rollbacks. Their changesets are pending afterwards.
  void finishInterrupted() throws SQLException {
    for (History.Applied row : History.interrupted(connection, Direction.DOWN)) {
      recorder.note("finishing the interrupted rollback of " + row.label() + " first");
      recorder.executed.add(runner.undo(rollbacks.of(row)));
    }
  }

  /// Rolls back non-transactional changesets that were interrupted while they were applied. They
  /// are not in the history, but some of their statements may have run.
  private void rollBackInterrupted(List<History.Applied> interrupted) throws SQLException {
    for (History.Applied row : interrupted) {
      recorder.note(row.label() + " was interrupted while it was applied; rolling it back first");
      recorder.executed.add(runner.undoInterrupted(rollbacks.of(row)));
    }
  }
}
