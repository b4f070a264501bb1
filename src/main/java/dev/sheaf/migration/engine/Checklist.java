package dev.sheaf.migration.engine;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.HistoryEntry;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.history.VerifiedBackup;
import dev.sheaf.migration.lint.Allowances;
import dev.sheaf.migration.lint.Failure;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.StatementObserver;
import dev.sheaf.migration.lint.TableImpact;
import dev.sheaf.migration.lint.TargetDatabase;
import dev.sheaf.migration.lint.rule.Rules;
import dev.sheaf.migration.lint.rule.Vectors;
import dev.sheaf.migration.scratch.ScratchDatabase;
import dev.sheaf.runtime.ApplicationVersion;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a reviewer must know about the pending changesets of a database. Each was applied and
/// rolled back on a scratch database.
///
/// @param database the database to be migrated
/// @param application the version that will migrate it
/// @param running the version that migrated it last, which presumably runs now; `null` if none did
/// @param backup when the latest recorded, verified backup was taken; `null` if there is none that
///   is recent enough
/// @param restoreMillis how long restoring that backup took when it was verified; `null` if unknown
/// @param items the pending changesets, in order
/// @param notes what could not be observed
public record Checklist(
    String database,
    String application,
    @Nullable String running,
    @Nullable Instant backup,
    @Nullable Long restoreMillis,
    List<ChecklistItem> items,
    List<String> notes) {

  public Checklist {
    items = List.copyOf(items);
    notes = List.copyOf(notes);
  }

  /// A pending changeset.
  ///
  /// @param changeset `module/NNN_name`
  /// @param module its module
  /// @param failure why it cannot be applied; `null` if it can
  /// @param touched affected tables and views, the locked ones first
  /// @param access changes of who may do what, and with whom rows are shared: owners, privileges,
  ///   policies, publications, subscriptions and foreign servers
  /// @param findings findings of the lint
  /// @param destroys its `--destructive` reason; `null` if it declares none
  /// @param backfill whether it has a backfill
  /// @param awaits backfills that it waits for, with their states
  /// @param tolerates the oldest compatible version; `null` if it declares none
  /// @param toleratesRunning whether it is compatible with the running version
  /// @param rollback the proof of its rollback; `null` if it was not tested
  public record ChecklistItem(
      String changeset,
      String module,
      @Nullable String failure,
      List<TableImpact> touched,
      List<String> access,
      List<Finding> findings,
      @Nullable String destroys,
      boolean backfill,
      List<String> awaits,
      @Nullable String tolerates,
      boolean toleratesRunning,
      @Nullable RollbackProof rollback) {}

  /// Creates the checklist of a database's pending changesets. The database is only read.
  ///
  /// @param changelogs the changelogs of the changesets
  /// @param server the server for scratch databases
  /// @param vectors what the application stores and searches
  /// @throws dev.sheaf.runtime.OperatorException if no scratch database can be created, or the
  ///   database cannot be read
  public static Checklist of(
      Changelogs changelogs,
      Migrations migrations,
      ChangesetSelection pending,
      DatabaseAddress server,
      MigrationConfig config,
      Vectors vectors) {
    DatabaseAddress database = migrations.address();
    Map<String, Backfill> backfills =
        migrations.status().backfills().stream()
            .collect(Collectors.toMap(Backfill::name, Function.identity()));
    List<HistoryEntry> history = migrations.history();
    String running =
        history.reversed().stream()
            .filter(entry -> entry.millis() != null)
            .map(HistoryEntry::version)
            .findFirst()
            .orElse(null);
    Map<String, RollbackProof> proofs =
        migrations.prove(new ProofSelection.Pending(), null, _ -> {}).stream()
            .collect(Collectors.toMap(RollbackProof::changeset, Function.identity()));
    Optional<VerifiedBackup> backup = backup(database, config);
    List<ChecklistItem> items = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    if (!pending.chosen().isEmpty()) {
      try (ScratchDatabase scratch = ScratchDatabase.after(pending.before(), server, config)) {
        StatementObserver observer =
            new StatementObserver(
                scratch.address(),
                config,
                Allowances.of(changelogs),
                TargetDatabase.of(database),
                vectors);
        Access access = Access.of(scratch.address());
        Map<String, List<String>> published = Access.published(database);
        for (Changeset changeset : pending.chosen()) {
          Observation observation = observer.observe(changeset);
          Access after = Access.of(scratch.address());
          List<TableImpact> touched = touched(observation);
          items.add(
              item(
                  changelogs,
                  observation,
                  touched,
                  access.changes(after, touched, published),
                  running,
                  backfills,
                  proofs.get(changeset.label())));
          access = after;
          if (observation.failure() != null) {
            notes.add("no changeset after " + changeset.label() + " was checked, because it fails");
            break;
          }
        }
        notes.addAll(observer.notes());
      }
    }
    return new Checklist(
        database.toString(),
        ProcessIdentity.VERSION,
        running,
        backup.map(VerifiedBackup::takenAt).orElse(null),
        backup.map(VerifiedBackup::restoreMillis).orElse(null),
        items,
        notes);
  }

  private static ChecklistItem item(
      Changelogs changelogs,
      Observation observation,
      List<TableImpact> touched,
      List<String> access,
      @Nullable String running,
      Map<String, Backfill> backfills,
      @Nullable RollbackProof proof) {
    Changeset changeset = observation.changeset();
    Failure failure = observation.failure();
    String tolerates = changeset.directives().tolerates();
    return new ChecklistItem(
        changeset.label(),
        changeset.module(),
        failure == null ? null : failure.message(),
        touched,
        access,
        Rules.judge(observation),
        changeset.destroys(),
        changelogs.backfill(changeset.label()).isPresent(),
        changeset.directives().requiresBackfill().stream()
            .map(name -> name + " (" + state(backfills.get(name)) + ")")
            .toList(),
        tolerates,
        running == null || ApplicationVersion.isAtLeast(running, tolerates),
        proof);
  }

  private static String state(@Nullable Backfill backfill) {
    return backfill == null ? "not started" : backfill.state().name().toLowerCase(Locale.ROOT);
  }

  private static List<TableImpact> touched(Observation observation) {
    Stream<TableImpact> existing =
        Stream.concat(
                observation.tables(),
                observation.before().relations().values().stream()
                    .filter(relation -> relation.kind() == Catalog.Kind.VIEW))
            .filter(relation -> relation.parent() == 0)
            .flatMap(relation -> TableImpact.of(observation, relation).stream());
    Stream<TableImpact> created =
        observation.after().relations().values().stream()
            .filter(relation -> relation.kind().isTable() || relation.kind().isView())
            .filter(relation -> relation.parent() == 0 && !observation.existed(relation))
            .map(TableImpact::created);
    return Stream.concat(existing, created)
        .sorted(
            Comparator.comparing((TableImpact touched) -> touched.lock() == null)
                .thenComparing(TableImpact::object))
        .toList();
  }

  private static Optional<VerifiedBackup> backup(DatabaseAddress database, MigrationConfig config) {
    try (Connection connection = database.open("sheaf " + ProcessIdentity.NAME)) {
      return VerifiedBackup.latest(connection, config.backupMaxAge());
    } catch (SQLException e) {
      throw SqlErrorMessage.running(database, "reading the recorded backups", e);
    }
  }
}
