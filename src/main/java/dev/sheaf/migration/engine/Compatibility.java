package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.NewerChangeset;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Whether an application and the schema that it finds fit each other, and why not.
public final class Compatibility {

  private final Changesets changesets;
  private final MigrationConfig config;

  Compatibility(Changesets changesets, MigrationConfig config) {
    this.changesets = changesets;
    this.config = config;
  }

  /// Refuses a schema that the application cannot work with.
  ///
  /// @throws OperatorException saying why, and what to do
  void require(Connection connection) throws SQLException {
    if (History.isAtHead(connection, changesets.fingerprint())) {
      return;
    }
    String up = "run: sheaf migrate up";
    List<History.Applied> history = History.read(connection);
    if (history.isEmpty()) {
      throw new OperatorException("the database has no schema yet", up);
    }
    MigrationPlan plan = MigrationPlan.of(changesets.enabled(), history);
    List<Changeset> missing = missing(plan);
    if (!missing.isEmpty()) {
      int count = missing.size();
      throw new OperatorException(
          (count == 1 ? "1 changeset is missing" : count + " changesets are missing")
              + ", the first is "
              + missing.getFirst().label(),
          up);
    }
    Map<String, Direction> interrupted = History.interrupted(connection);
    for (Changeset changeset : plan.applied()) {
      if (interrupted.containsKey(changeset.file().path())) {
        throw new OperatorException(
            "the rollback of " + changeset.label() + " was interrupted", up);
      }
    }
    refuse(plan, connection);
  }

  /// Refuses what neither this application nor its migration should go on from: files that were
  /// edited, newer changesets that do not tolerate it, and late ones that must not be.
  ///
  /// @throws OperatorException saying why, and what to do
  void refuse(MigrationPlan plan, Connection connection) throws SQLException {
    if (!plan.edited().isEmpty()) {
      throw Changesets.edited(plan.edited().getFirst());
    }
    List<NewerChangeset> newer = NewerChangeset.of(connection, plan.unknown());
    List<NewerChangeset> refusing =
        newer.stream()
            .filter(changeset -> !changeset.isToleratedBy(ProcessIdentity.VERSION))
            .toList();
    if (!refusing.isEmpty()) {
      throw new OperatorException(
          "the database is newer than this application, %s: %s"
              .formatted(ProcessIdentity.VERSION, NewerChangeset.text(refusing)),
          "start the newer application, or roll the database back: sheaf migrate goto");
    }
    List<Changeset> missing = missing(plan);
    if (!newer.isEmpty() && !missing.isEmpty()) {
      throw new OperatorException(
          "the database is newer than this application, %s, and lacks %s: %s"
              .formatted(
                  ProcessIdentity.VERSION, missing.getFirst().label(), NewerChangeset.text(newer)),
          "start an application that has them all");
    }
    for (Changeset late : plan.late()) {
      if (config.outOfOrder() == MigrationConfig.OutOfOrder.REFUSE
          || late.directives().lateRefused()) {
        throw new OperatorException(
            late.file().shortPath()
                + " comes late: higher-numbered changesets of its module are applied",
            "give it the next number, or set sheaf.schema.out-of-order=apply");
      }
    }
  }

  /// Whether there is nothing to apply: the schema is at head, or a newer application has brought
  /// it further and this one can work with that. Then it must not change anything.
  boolean isSettled(Connection connection, MigrationListener listener) throws SQLException {
    if (History.isAtHead(connection, changesets.fingerprint())) {
      return true;
    }
    MigrationPlan plan = MigrationPlan.of(changesets.enabled(), History.read(connection));
    if (plan.unknown().isEmpty()
        || !missing(plan).isEmpty()
        || !plan.edited().isEmpty()
        || History.interrupted(connection).containsValue(Direction.DOWN)) {
      return false;
    }
    List<NewerChangeset> newer = NewerChangeset.of(connection, plan.unknown());
    if (newer.stream().allMatch(changeset -> changeset.isToleratedBy(ProcessIdentity.VERSION))) {
      listener.note(
          "the database is newer than this application, %s, and tolerates it: %s"
              .formatted(ProcessIdentity.VERSION, NewerChangeset.text(newer)));
      return true;
    }
    return false;
  }

  /// What the service would not get on without; it does without what waits for a backfill.
  List<Changeset> missing(MigrationPlan plan) {
    List<Changeset> missing = new ArrayList<>(plan.pending());
    missing.removeAll(behindBackfills(plan.pending()));
    return missing;
  }

  /// Those that wait for a backfill, or may have to: they require one, or stand behind one that
  /// does.
  List<Changeset> behindBackfills(List<Changeset> pending) {
    List<Changeset> behind = new ArrayList<>();
    for (Changeset changeset : pending) {
      if (!changeset.directives().requiresBackfill().isEmpty() || standsBehind(changeset, behind)) {
        behind.add(changeset);
      }
    }
    return behind;
  }

  /// Whether `changeset` may build on one of `others`: it is of the same module, or of one that
  /// says that it requires that module.
  boolean standsBehind(Changeset changeset, List<Changeset> others) {
    List<String> required = Modules.requires(changesets.changelogs(), changeset.module());
    return others.stream()
        .map(Changeset::module)
        .anyMatch(module -> module.equals(changeset.module()) || required.contains(module));
  }
}
