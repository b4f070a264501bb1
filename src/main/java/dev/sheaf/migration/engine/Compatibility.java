package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.catalog.CatalogReader;
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
import java.util.stream.Collectors;

/// Decides whether this application is compatible with a database's schema.
public final class Compatibility {

  /// The number of changesets that a message names.
  private static final int MAX_LABELS = 3;

  private static final String OWN_SCHEMA =
      "give each application a schema of its own, and add currentSchema=NAME to its URL";

  private final Changesets changesets;
  private final MigrationConfig config;

  Compatibility(Changesets changesets, MigrationConfig config) {
    this.changesets = changesets;
    this.config = config;
  }

  /// Requires that the application can serve with the schema.
  ///
  /// @throws OperatorException if it cannot
  void requireCompatible(Connection connection) throws SQLException {
    if (History.isUpToDate(connection, changesets.fingerprint())) {
      return;
    }
    String up = "run: sheaf migrate up";
    List<History.Applied> history = History.read(connection);
    if (history.isEmpty()) {
      throw new OperatorException("the database has no schema yet", up);
    }
    MigrationPlan plan = plan(history);
    changesets.requireNoneReplacedInPart(history);
    rejectOtherApplication(plan, connection);
    List<Changeset> missing = missing(plan);
    if (!missing.isEmpty()) {
      int count = missing.size();
      throw new OperatorException(
          count == 1
              ? missing.getFirst().label() + " is not applied"
              : count + " changesets are not applied, the first is " + missing.getFirst().label(),
          up);
    }
    Map<String, Direction> interrupted = History.interrupted(connection);
    for (Changeset changeset : plan.applied()) {
      if (interrupted.containsKey(changeset.file().path())) {
        throw new OperatorException(
            "the rollback of " + changeset.label() + " was interrupted", up);
      }
    }
    rejectConflicts(plan, connection);
  }

  /// Compares a history with the enabled changelogs.
  MigrationPlan plan(List<History.Applied> history) {
    return MigrationPlan.of(changesets.enabled(), changesets.current(history));
  }

  /// Rejects a schema that this application can neither serve nor migrate: modified files, newer
  /// changesets that are not compatible, and changesets that are out of order where this is not
  /// allowed.
  ///
  /// @throws OperatorException if there is such a conflict
  void rejectConflicts(MigrationPlan plan, Connection connection) throws SQLException {
    rejectOtherApplication(plan, connection);
    if (!plan.edited().isEmpty()) {
      OperatorException modified = Changesets.modified(plan.edited().getFirst());
      throw plan.applied().isEmpty()
          ? new OperatorException(
              modified.problem(),
              modified.hint() + "; if another application applied it, " + OWN_SCHEMA)
          : modified;
    }
    rejectOtherNumbers(plan);
    List<NewerChangeset> newer = NewerChangeset.of(connection, plan.unknown());
    List<NewerChangeset> incompatible =
        newer.stream()
            .filter(changeset -> !changeset.isToleratedBy(ProcessIdentity.VERSION))
            .toList();
    if (!incompatible.isEmpty()) {
      throw new OperatorException(
          "the schema is newer than this application (%s): %s"
              .formatted(ProcessIdentity.VERSION, NewerChangeset.text(incompatible)),
          "start a newer version of the application, or roll the schema back: sheaf migrate goto");
    }
    List<Changeset> missing = missing(plan);
    if (!newer.isEmpty() && !missing.isEmpty()) {
      throw new OperatorException(
          "the schema is newer than this application (%s) but lacks %s: %s"
              .formatted(
                  ProcessIdentity.VERSION, missing.getFirst().label(), NewerChangeset.text(newer)),
          "start a version of the application that contains all of them");
    }
    for (Changeset late : plan.late()) {
      if (config.outOfOrder() == MigrationConfig.OutOfOrder.REFUSE
          || late.directives().lateRefused()) {
        throw new OperatorException(
            late.file().shortPath()
                + " is out of order: higher-numbered changesets of its module are applied",
            "give it the next number, or set sheaf.schema.out-of-order=apply");
      }
    }
  }

  /// Rejects an applied file that has another number now: it would be applied a second time.
  private static void rejectOtherNumbers(MigrationPlan plan) {
    for (History.Applied row : plan.unknown()) {
      for (Changeset changeset : plan.pending()) {
        if (changeset.module().equals(row.module())
            && changeset.checksum().equals(row.checksum())) {
          throw new OperatorException(
              "%s is applied, and has no file, but %s has the same content"
                  .formatted(row.label(), changeset.label()),
              "give it the number %s again; with any name, the next up links it"
                  .formatted(row.version().digits()));
        }
      }
    }
  }

  /// Rejects a history in which no changeset is this application's, as it applied it, although this
  /// application has changesets of the same modules. Applications that share a database need a
  /// schema each.
  private static void rejectOtherApplication(MigrationPlan plan, Connection connection)
      throws SQLException {
    if (!plan.applied().isEmpty() || plan.unknown().isEmpty()) {
      return;
    }
    String applied =
        plan.unknown().stream()
            .limit(MAX_LABELS)
            .map(History.Applied::label)
            .collect(Collectors.joining(", "));
    throw new OperatorException(
        "schema %s holds the history of another application: %s%s"
            .formatted(
                CatalogReader.home(connection),
                applied,
                plan.unknown().size() > MAX_LABELS ? ", ..." : ""),
        OWN_SCHEMA);
  }

  /// Whether there is nothing to apply: the schema is up to date, or a newer application has
  /// migrated it to a state that this one is compatible with. Then this one must not change
  /// anything.
  boolean hasNothingToApply(Connection connection, MigrationListener listener) throws SQLException {
    if (History.isUpToDate(connection, changesets.fingerprint())) {
      return true;
    }
    MigrationPlan plan = plan(History.read(connection));
    if (plan.unknown().isEmpty()
        || !missing(plan).isEmpty()
        || !plan.edited().isEmpty()
        || History.interrupted(connection).containsValue(Direction.DOWN)) {
      return false;
    }
    List<NewerChangeset> newer = NewerChangeset.of(connection, plan.unknown());
    if (newer.stream().allMatch(changeset -> changeset.isToleratedBy(ProcessIdentity.VERSION))) {
      listener.note(
          "the schema is newer than this application (%s) and compatible with it: %s"
              .formatted(ProcessIdentity.VERSION, NewerChangeset.text(newer)));
      return true;
    }
    return false;
  }

  /// Pending changesets that the service needs. It can run without changesets that wait for a
  /// backfill.
  List<Changeset> missing(MigrationPlan plan) {
    List<Changeset> missing = new ArrayList<>(plan.pending());
    missing.removeAll(waitingForBackfills(plan.pending()));
    return missing;
  }

  /// The changesets that may have to wait for a backfill: they require one, or depend on a
  /// changeset that does.
  List<Changeset> waitingForBackfills(List<Changeset> pending) {
    List<Changeset> waiting = new ArrayList<>();
    for (Changeset changeset : pending) {
      if (!changeset.directives().requiresBackfill().isEmpty()
          || dependsOnAny(changeset, waiting)) {
        waiting.add(changeset);
      }
    }
    return waiting;
  }

  /// Whether `changeset` may depend on one of `others`: it belongs to the same module, or to a
  /// module that requires it.
  boolean dependsOnAny(Changeset changeset, List<Changeset> others) {
    List<String> required = Modules.requires(changesets.changelogs(), changeset.module());
    return others.stream()
        .map(Changeset::module)
        .anyMatch(module -> module.equals(changeset.module()) || required.contains(module));
  }
}
