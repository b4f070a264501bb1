package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.Collected;
import dev.sheaf.migration.execute.SchemaSession;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.StoredRollback;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The way up, on the connection that holds the `SchemaLock`.
final class Upgrade {

  private final SchemaSession session;
  private final Changesets changesets;
  private final Compatibility fit;
  private final ProductionGuards safeguards;
  private final ChangesetRunner runner;
  private final Collected collected;

  /// @param runner in the same session
  Upgrade(
      SchemaSession session,
      Changesets changesets,
      Compatibility fit,
      ProductionGuards safeguards,
      ChangesetRunner runner,
      Collected collected) {
    this.session = session;
    this.changesets = changesets;
    this.fit = fit;
    this.safeguards = safeguards;
    this.runner = runner;
    this.collected = collected;
  }

  /// Applies what is pending and within `reach`, except what has to wait for a backfill.
  ///
  /// @throws OperatorException when the schema is not one to go on from, or a changeset fails
  void to(Migrations.Reach reach) throws SQLException {
    Connection connection = session.connection();
    MigrationPlan plan = MigrationPlan.of(changesets.enabled(), History.read(connection));
    fit.refuse(plan, connection);
    for (Changeset applied : plan.applied()) {
      StoredRollback.store(connection, applied);
    }
    List<Changeset> chosen = reach.among(plan.pending());
    List<Changeset> behind = fit.behindBackfills(plan.pending());
    for (Changeset changeset : chosen) {
      if (!behind.contains(changeset)) {
        safeguards.requireBackup(connection, changeset);
      }
    }
    Extensions.requireAvailable(connection, session.address(), chosen);
    for (Changeset applied : plan.applied()) {
      BackfillRegister.enter(connection, changesets.changelogs(), applied);
    }
    Set<String> awaited = new LinkedHashSet<>();
    List<Changeset> held = new ArrayList<>();
    for (Changeset changeset : chosen) {
      if (behind.contains(changeset)) {
        List<String> unmet = unmet(changeset);
        awaited.addAll(unmet);
        if (!unmet.isEmpty() || fit.standsBehind(changeset, held)) {
          held.add(changeset);
          continue;
        }
        safeguards.requireBackup(connection, changeset);
      }
      if (plan.late().contains(changeset)) {
        collected.note(
            changeset.label()
                + " came late: higher-numbered changesets of its module were applied before it");
      }
      collected.executed.add(runner.run(changeset, Direction.UP));
      BackfillRegister.enter(connection, changesets.changelogs(), changeset);
    }
    if (chosen.size() == plan.pending().size() && plan.unknown().isEmpty()) {
      History.recordHead(connection, changesets.fingerprint(), awaited);
    }
  }

  /// The backfills that `changeset` requires and that are not complete.
  private List<String> unmet(Changeset changeset) throws SQLException {
    List<String> unmet = new ArrayList<>();
    for (String backfill : changeset.directives().requiresBackfill()) {
      if (changesets.changelogs().backfill(backfill).isEmpty()) {
        throw new OperatorException(
            changeset.file().shortPath()
                + " requires the backfill "
                + backfill
                + ", which is not there",
            "it is declared in " + backfill + BackfillDeclaration.SUFFIX);
      }
      BackfillRegister.unmet(session.connection(), backfill)
          .ifPresent(why -> {
            unmet.add(backfill);
            collected.note(
                changeset.label() + " waits for the backfill " + backfill + " (" + why + ")");
          });
    }
    return unmet;
  }
}
