package dev.sheaf.migration.engine;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.engine.Migrations.Dependents;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.scratch.ScratchSchema;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/// Finds the changesets of other modules that depend on changesets to be rolled back: those that
/// were applied later, and whose module requires theirs.
///
/// Most of them do not need the very changeset that is rolled back. What stays applied is tried
/// without it on a scratch database. If that succeeds, and nothing is missing once it is rolled
/// back and applied again, nothing depends on it.
final class RollbackDependents {

  private static final int NAMED = 3;

  private static final String WAY_OUT =
      "add --with-dependents to roll back first what was applied later";

  private final Connection connection;
  private final Changesets changesets;
  private final DatabaseAddress scratchServer;
  private final MigrationConfig config;

  /// @param connection the engine's
  RollbackDependents(
      Connection connection,
      Changesets changesets,
      DatabaseAddress scratchServer,
      MigrationConfig config) {
    this.connection = connection;
    this.changesets = changesets;
    this.scratchServer = scratchServer;
    this.config = config;
  }

  /// Interrupted changesets that depend on those of `module`.
  ///
  /// @throws OperatorException if there are any and `dependents` refuses that
  List<History.Applied> interrupted(String module, Dependents dependents) throws SQLException {
    List<History.Applied> later =
        History.interrupted(connection, Direction.UP).stream()
            .filter(row -> requires(row, module))
            .toList();
    if (dependents == Dependents.REFUSE && !later.isEmpty()) {
      throw new OperatorException(
          later.getFirst().label() + ", which requires module " + module + ", was interrupted",
          "finish it first: sheaf migrate up; or " + WAY_OUT);
    }
    return later;
  }

  /// `rows`, and what depends on them.
  ///
  /// @param rows applied changesets of `module`, the last one first
  /// @return the last one first
  /// @throws OperatorException if there are any and `dependents` refuses that
  List<History.Applied> with(String module, List<History.Applied> rows, Dependents dependents)
      throws SQLException {
    if (rows.isEmpty()) {
      return rows;
    }
    List<History.Applied> history = History.read(connection);
    List<History.Applied> later =
        history.subList(history.indexOf(rows.getLast()), history.size()).stream()
            .filter(row -> requires(row, module))
            .toList();
    if (later.isEmpty()) {
      return rows;
    }
    if (dependents == Dependents.REFUSE) {
      requireIndependent(history, rows, later);
      return rows;
    }
    return history.reversed().stream()
        .filter(row -> rows.contains(row) || later.contains(row))
        .toList();
  }

  private boolean requires(History.Applied row, String module) {
    return !row.module().equals(module) && changesets.requires(row.module(), module);
  }

  private void requireIndependent(
      List<History.Applied> history, List<History.Applied> rows, List<History.Applied> later)
      throws SQLException {
    String refusal = rows.getLast().label() + " cannot be rolled back alone: ";
    List<History.Applied> unknown =
        changesets.current(history).stream()
            .filter(later::contains)
            .filter(row -> changesets.find(row).isEmpty())
            .toList();
    if (!unknown.isEmpty()) {
      throw new OperatorException(
          "%s%s, applied later, requires its module and is not known to this application"
              .formatted(refusal, names(unknown)),
          WAY_OUT);
    }
    List<Changeset> staying =
        known(changesets.current(history.stream().filter(row -> !rows.contains(row)).toList()));
    try (ScratchSchema scratch = createScratch(refusal, later)) {
      ScratchSchema.apply(staying, scratch.connection(), scratch.address(), config);
    } catch (OperatorException e) {
      throw e.problem().startsWith(refusal)
          ? e
          : new OperatorException(refusal + "without it, " + e.problem(), WAY_OUT, e);
    }
    List<Changeset> rolledBack = known(rows);
    if (rolledBack.size() == rows.size()) {
      requireNothingLost(known(changesets.current(history)), rolledBack, refusal, names(later));
    }
  }

  /// A changeset can pass without what it depends on, such as `ALTER TABLE IF EXISTS`. Once the
  /// others are applied again, what it did to them is missing, and nothing is pending.
  private void requireNothingLost(
      List<Changeset> applied, List<Changeset> rolledBack, String refusal, String dependents)
      throws SQLException {
    List<Difference> lost;
    try (ScratchSchema scratch = ScratchSchema.at(scratchServer, config, applied)) {
      CatalogSnapshot before = snapshot(scratch);
      for (Changeset changeset : rolledBack) {
        scratch.down(changeset);
      }
      ScratchSchema.apply(rolledBack.reversed(), scratch.connection(), scratch.address(), config);
      lost = before.differences(snapshot(scratch));
    } catch (OperatorException _) {
      // It would fail on the database, too, and be reported there.
      return;
    }
    if (!lost.isEmpty()) {
      throw new OperatorException(
          "%sapplied again, it would be without what %s changed later: %s"
              .formatted(refusal, dependents, lost.getFirst().object()),
          WAY_OUT);
    }
  }

  private static CatalogSnapshot snapshot(ScratchSchema scratch) throws SQLException {
    return CatalogSnapshot.of(scratch.connection()).ofChangelogs().withoutColumnOrder();
  }

  private List<Changeset> known(List<History.Applied> rows) {
    return rows.stream().map(changesets::find).flatMap(Optional::stream).toList();
  }

  private ScratchSchema createScratch(String refusal, List<History.Applied> later)
      throws SQLException {
    try {
      return ScratchSchema.at(scratchServer, config, List.of());
    } catch (OperatorException e) {
      throw new OperatorException(
          "%swhether %s, applied later, depends on it cannot be tried: %s"
              .formatted(refusal, names(later), e.problem()),
          e.hint() + "; or " + WAY_OUT,
          e);
    }
  }

  private static String names(List<History.Applied> rows) {
    return Abbreviation.of(rows.stream().map(History.Applied::label).toList(), NAMED);
  }
}
