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
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a reviewer must know before pending changesets are applied: each was run on a scratch
/// database, up and down, and the database that is to be migrated was looked at.
///
/// @param database that is to be migrated
/// @param application the version that will migrate it
/// @param running the version that migrated it last and presumably runs now; `null` when none did
/// @param backup when the verified backup that is on record was taken; `null` when there is none
///   that is young enough
/// @param items the pending changesets, in order
/// @param notes what could not be observed
public record Checklist(
    String database,
    String application,
    @Nullable String running,
    @Nullable Instant backup,
    List<Item> items,
    List<String> notes) {

  public Checklist {
    items = List.copyOf(items);
    notes = List.copyOf(notes);
  }

  /// One changeset.
  ///
  /// @param changeset `module/NNN_name`
  /// @param module that owns it
  /// @param failure why it cannot be applied; `null` when it can
  /// @param touched tables and views, those that others wait for first
  /// @param findings of the lint
  /// @param destroys why it says that data is lost; `null` when it doesn't
  /// @param backfill whether one begins when it is applied
  /// @param awaits backfills that it waits for, and where they stand
  /// @param tolerates the oldest version that works with it; `null` when it names none
  /// @param toleratesRunning whether what runs now goes on working
  /// @param rollback what became of it on the way down and up again; `null` when that was not tried
  public record Item(
      String changeset,
      String module,
      @Nullable String failure,
      List<TableImpact> touched,
      List<Finding> findings,
      @Nullable String destroys,
      boolean backfill,
      List<String> awaits,
      @Nullable String tolerates,
      boolean toleratesRunning,
      @Nullable RollbackProof rollback) {}

  /// Looks at what is pending in `database`, which is only read.
  ///
  /// @param changelogs from which the changesets are
  /// @param server where scratch databases may be created
  /// @param vectors what the application stores and searches
  /// @throws dev.sheaf.runtime.OperatorException when there is no scratch database to be had, or
  ///   the database cannot be read
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
    List<Item> items = new ArrayList<>();
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
        for (Changeset changeset : pending.chosen()) {
          Observation observation = observer.observe(changeset);
          items.add(
              item(changelogs, observation, running, backfills, proofs.get(changeset.label())));
          if (observation.failure() != null) {
            notes.add("nothing after " + changeset.label() + " was observed, because it fails");
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
        backup(database, config),
        items,
        notes);
  }

  private static Item item(
      Changelogs changelogs,
      Observation observation,
      @Nullable String running,
      Map<String, Backfill> backfills,
      @Nullable RollbackProof proof) {
    Changeset changeset = observation.changeset();
    Failure failure = observation.failure();
    String tolerates = changeset.directives().tolerates();
    return new Item(
        changeset.label(),
        changeset.module(),
        failure == null ? null : failure.message(),
        touched(observation),
        Rules.judge(observation),
        changeset.directives().destructive(),
        changelogs.backfill(changeset.label()).isPresent(),
        changeset.directives().requiresBackfill().stream()
            .map(name -> name + " (" + state(backfills.get(name)) + ")")
            .toList(),
        tolerates,
        running == null || ApplicationVersion.isAtLeast(running, tolerates),
        proof);
  }

  private static String state(@Nullable Backfill backfill) {
    return backfill == null
        ? "not begun"
        : backfill.state().name().toLowerCase(java.util.Locale.ROOT);
  }

  private static List<TableImpact> touched(Observation observation) {
    Stream<TableImpact> old =
        Stream.concat(
                observation.tables(),
                observation.before().relations().values().stream()
                    .filter(relation -> relation.kind() == Catalog.Kind.VIEW))
            .filter(relation -> relation.parent() == 0)
            .flatMap(relation -> TableImpact.of(observation, relation).stream());
    Stream<TableImpact> fresh =
        observation.after().relations().values().stream()
            .filter(relation -> relation.kind().isTable() || relation.kind().isView())
            .filter(relation -> relation.parent() == 0 && !observation.existed(relation))
            .map(TableImpact::created);
    return Stream.concat(old, fresh)
        .sorted(
            Comparator.comparing((TableImpact touched) -> touched.lock() == null)
                .thenComparing(TableImpact::object))
        .toList();
  }

  private static @Nullable Instant backup(DatabaseAddress database, MigrationConfig config) {
    try (Connection connection = database.open("sheaf " + ProcessIdentity.NAME)) {
      return VerifiedBackup.latest(connection, config.backupMaxAge())
          .map(VerifiedBackup::takenAt)
          .orElse(null);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(database, "looking for a backup", e);
    }
  }
}
