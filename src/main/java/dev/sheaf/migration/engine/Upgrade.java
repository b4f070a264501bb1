package dev.sheaf.migration.engine;

import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.BackfillCheck;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.SchemaSession;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.StoredRollback;
import dev.sheaf.migration.history.ToolHistory;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Applies changesets, while the `SchemaLock` is held.
final class Upgrade {

  private final SchemaSession session;
  private final Changesets changesets;
  private final Compatibility compatibility;
  private final ProductionGuards guards;
  private final ChangesetRunner runner;
  private final Repeatables repeatables;
  private final ResultRecorder recorder;

  /// @param runner in the same session
  Upgrade(
      SchemaSession session,
      Changesets changesets,
      Compatibility compatibility,
      ProductionGuards guards,
      ChangesetRunner runner,
      ResultRecorder recorder) {
    this.session = session;
    this.changesets = changesets;
    this.compatibility = compatibility;
    this.guards = guards;
    this.runner = runner;
    this.repeatables = new Repeatables(session.connection(), changesets, runner, recorder);
    this.recorder = recorder;
  }

  /// Applies the pending changesets in `scope`, except those that must wait for a backfill.
  ///
  /// @throws OperatorException if the schema conflicts with this application, or a changeset fails
  void run(Migrations.Scope scope) throws SQLException {
    Connection connection = session.connection();
    changesets.requireNoneReplacedInPart(History.read(connection));
    acceptRenamedFiles(connection);
    List<History.Applied> history = History.read(connection);
    MigrationPlan plan = compatibility.plan(history);
    compatibility.rejectConflicts(plan, connection);
    List<Changeset> chosen = scope.filter(plan.pending(), changesets);
    chosen.forEach(Changeset::requireRunnable);
    changesets.repeatables().forEach(Changeset::requireRunnable);
    requireBackfills(chosen);
    boolean isNew = History.isNew(connection);
    if (plan.applied().isEmpty()) {
      noteOtherHistories(connection);
    }
    if (isNew) {
      requireNotAdoptable(connection, chosen);
    }
    History.renewChecksums(connection, plan.applied());
    for (Changeset applied : plan.applied()) {
      // Not of one that only replaces what is applied.
      if (history.stream().anyMatch(row -> row.path().equals(applied.file().path()))) {
        StoredRollback.store(connection, applied);
      }
    }
    List<Changeset> waiting = compatibility.waitingForBackfills(plan.pending());
    for (Changeset changeset : chosen) {
      if (!waiting.contains(changeset)) {
        guards.requireBackup(connection, changeset);
      }
    }
    Extensions.requireAvailable(connection, session.address(), chosen);
    Extensions.requireVisible(connection, chosen);
    for (Changeset applied : plan.applied()) {
      registerBackfill(connection, applied);
    }
    Set<String> awaited = new LinkedHashSet<>();
    List<Changeset> held = new ArrayList<>();
    for (Changeset changeset : chosen) {
      if (waiting.contains(changeset)) {
        List<String> incomplete = incompleteBackfills(changeset);
        awaited.addAll(incomplete);
        if (!incomplete.isEmpty() || compatibility.dependsOnAny(changeset, held)) {
          held.add(changeset);
          continue;
        }
        guards.requireBackup(connection, changeset);
      }
      if (plan.late().contains(changeset)) {
        recorder.note(
            changeset.label()
                + " is out of order: higher-numbered changesets of its module were applied before it");
      }
      try {
        recorder.executed.add(runner.run(changeset, Direction.UP));
      } catch (OperatorException e) {
        throw isNew && isAboutExisting(e) ? withAdoption(e) : e;
      }
      registerBackfill(connection, changeset);
    }
    noteMissingRollbacks(chosen);
    boolean complete = chosen.size() == plan.pending().size() && plan.unknown().isEmpty();
    if (complete && held.isEmpty()) {
      repeatables.apply();
    } else if (!chosen.isEmpty()) {
      noteWaitingRepeatables(connection);
    }
    if (complete) {
      History.recordUpToDate(connection, changesets.fingerprint(), awaited);
    }
  }

  private void noteWaitingRepeatables(Connection connection) throws SQLException {
    for (Changeset changeset : changesets.pendingRepeatables(connection)) {
      recorder.note(changeset.label() + " waits for the pending changesets");
    }
  }

  /// Rejects files of a tool that this database has been migrated with.
  private static void requireNotAdoptable(Connection connection, List<Changeset> chosen)
      throws SQLException {
    if (chosen.isEmpty()) {
      return;
    }
    for (ToolHistory old : ToolHistory.all(connection, chosen.getFirst().file().form())) {
      Optional<Changeset> applied =
          chosen.stream().filter(c -> old.applied().containsKey(c.version())).findFirst();
      if (applied.isPresent()) {
        throw notAdopted(old.table(), old.tool().id(), applied.get());
      }
    }
    Set<String> ofLiquibase =
        History.foreign(connection).stream()
            .map(History.Foreign::checksum)
            .filter(Objects::nonNull)
            .collect(Collectors.toSet());
    for (Changeset changeset : chosen) {
      if (ofLiquibase.contains(changeset.checksum())) {
        throw notAdopted("databasechangelog", Adoption.LIQUIBASE, changeset);
      }
    }
  }

  private static OperatorException notAdopted(String table, String tool, Changeset applied) {
    return new OperatorException(
        "%s says that %s has applied %s".formatted(table, tool, applied.label()),
        "take its history over: sheaf migrate adopt --from %s; if it is about another application, give Sheaf a schema of its own: currentSchema=NAME in the URL"
            .formatted(tool));
  }

  private static boolean isAboutExisting(OperatorException e) {
    return e.getCause() instanceof SQLException cause
        && switch (SqlStates.of(cause)) {
          case SqlStates.DUPLICATE_TABLE, SqlStates.DUPLICATE_OBJECT -> true;
          default -> false;
        };
  }

  private static OperatorException withAdoption(OperatorException e) {
    return new OperatorException(
        e.problem(),
        "the database has objects, and no history of Sheaf; if these files made them, record that with"
            + " sheaf migrate baseline --at N, or take over the history of another tool with sheaf migrate adopt",
        e);
  }

  private void noteMissingRollbacks(List<Changeset> chosen) {
    String note = Changeset.withoutRollback(chosen);
    if (!note.isEmpty()) {
      recorder.note(note);
    }
  }

  /// Somebody who mistyped a schema would migrate a second time.
  private void noteOtherHistories(Connection connection) throws SQLException {
    List<String> others = History.otherSchemas(connection);
    if (!others.isEmpty()) {
      recorder.note(
          "nothing was applied in this schema before; the database also has a history in schema "
              + String.join(", ", others));
    }
  }

  /// Requires that the files of backfills can be read, and that each belongs to a changeset.
  private void requireBackfills(List<Changeset> chosen) {
    chosen.forEach(Changeset::backfill);
    Set<String> names =
        changesets.enabled().stream().map(Changeset::label).collect(Collectors.toSet());
    for (String module : changesets.modules().enabled()) {
      for (ChangelogFile file :
          changesets.changelogs().backfills().getOrDefault(module, List.of())) {
        if (!names.contains(BackfillDeclaration.nameOf(file))) {
          throw new OperatorException(
              file.shortPath() + " has no changeset beside it",
              "give it the name of the changeset that needs it, NNN_name"
                  + BackfillDeclaration.SUFFIX);
        }
      }
    }
  }

  private static void registerBackfill(Connection connection, Changeset changeset)
      throws SQLException {
    Optional<BackfillDeclaration> backfill = changeset.backfill();
    if (backfill.isPresent() && Backfill.named(connection, changeset.label()).isEmpty()) {
      BackfillCheck.requireValid(connection, backfill.get());
    }
    BackfillRegister.register(connection, changeset);
  }

  /// A file with the module, the number and the content of an applied one that does not exist any
  /// more is the same changeset under another name.
  private void acceptRenamedFiles(Connection connection) throws SQLException {
    MigrationPlan plan = compatibility.plan(History.read(connection));
    for (History.Applied row : plan.unknown()) {
      for (Changeset changeset : plan.pending()) {
        if (changeset.module().equals(row.module())
            && changeset.version().equals(row.version())
            && row.accepts(changeset)) {
          History.rename(connection, row, changeset);
          recorder.note(row.label() + " is now " + changeset.label() + ", with the same content");
        }
      }
    }
  }

  /// The backfills that `changeset` requires and that are not complete.
  private List<String> incompleteBackfills(Changeset changeset) throws SQLException {
    List<String> incomplete = new ArrayList<>();
    for (String backfill : changeset.directives().requiresBackfill()) {
      if (changesets.changelogs().backfill(backfill).isEmpty()) {
        throw new OperatorException(
            changeset.file().shortPath()
                + " requires the backfill "
                + backfill
                + ", which does not exist",
            "declare it in " + backfill + BackfillDeclaration.SUFFIX);
      }
      BackfillRegister.whyIncomplete(session.connection(), backfill)
          .ifPresent(why -> {
            incomplete.add(backfill);
            recorder.note(
                changeset.label() + " waits for the backfill " + backfill + " (" + why + ")");
          });
    }
    return incomplete;
  }
}
