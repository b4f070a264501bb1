package dev.sheaf.migration.engine;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.DerivedRollback;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.HistoryEntry;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.migration.TrashEntry;
import dev.sheaf.migration.changelog.ChangelogForm;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.SchemaLock;
import dev.sheaf.migration.execute.SchemaSession;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.EngineTables;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.Rollbacks;
import dev.sheaf.migration.history.Trash;
import dev.sheaf.migration.proof.EntityClasses;
import dev.sheaf.migration.proof.EntityComparison;
import dev.sheaf.migration.proof.RollbackDerivation;
import dev.sheaf.migration.proof.RollbackProver;
import dev.sheaf.migration.proof.SchemaFile;
import dev.sheaf.migration.proof.Verification;
import dev.sheaf.migration.scratch.ScratchDatabase;
import dev.sheaf.migration.scratch.StateTemplates;
import dev.sheaf.migration.scratch.TemplateDatabase;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The operations that read or change the schema of one database. The service, the commands and the
/// HTTP resource use them.
///
/// An operation that changes the schema returns failures in its [MigrationResult]; an operation
/// that reads throws an [OperatorException].
public final class Migrations {

  /// More objects are not listed in a message.
  private static final int LISTED = 20;

  private static final Duration POLL = Duration.ofSeconds(1);

  private final DatabaseAddress address;
  private final MigrationConfig config;
  private final boolean production;
  private final Changesets changesets;
  private final Compatibility compatibility;
  private final ProductionGuards guards;

  public Migrations(
      DatabaseAddress address,
      MigrationConfig config,
      Changelogs changelogs,
      Modules modules,
      boolean production) {
    this.address = address;
    this.config = config;
    this.production = production;
    this.changesets = new Changesets(changelogs, modules);
    this.compatibility = new Compatibility(changesets, config);
    this.guards = new ProductionGuards(config, production);
  }

  /// The engine for one database, with the configured changelogs and the enabled modules.
  ///
  /// @param production whether rolling back requires approval
  /// @throws OperatorException if changelogs or modules are invalid
  public static Migrations of(
      DatabaseAddress address, MigrationConfig config, ModulesConfig modules, boolean production) {
    Changelogs changelogs = config.root().map(Changelogs::in).orElseGet(Changelogs::bundled);
    return new Migrations(address, config, changelogs, Modules.of(changelogs, modules), production);
  }

  public Modules modules() {
    return changesets.modules();
  }

  public DatabaseAddress address() {
    return address;
  }

  /// SHA-256 of the enabled changelogs.
  public String fingerprint() {
    return changesets.fingerprint();
  }

  /// The changesets that [#up] applies.
  ///
  /// @param module only this module and the modules that it requires; `null` for every enabled
  ///   module
  /// @param to the last version of `module` to apply; `null` for the latest
  public record Scope(@Nullable String module, @Nullable ChangesetVersion to) {

    /// All changesets of all enabled modules.
    public static final Scope ALL = new Scope(null, null);

    public Scope {
      if (to != null && module == null) {
        throw new OperatorException("a version requires a module", "add --module");
      }
    }

    /// The changesets of `pending` that are in this scope: if any of `module` are, with those of
    /// the modules that it requires.
    List<Changeset> filter(List<Changeset> pending, Changesets changesets) {
      if (module == null) {
        return pending;
      }
      Predicate<Changeset> own =
          c -> c.module().equals(module) && (to == null || !c.version().isAfter(to));
      return pending.stream().noneMatch(own)
          ? List.of()
          : pending.stream()
              .filter(
                  own.or(
                      c -> !c.module().equals(module) && changesets.requires(module, c.module())))
              .toList();
    }
  }

  /// Applies everything that is pending. If nothing is pending, this is one `SELECT`: nothing is
  /// parsed or locked.
  public MigrationResult up(MigrationListener listener) {
    return up(Scope.ALL, Approval.NONE, listener);
  }

  /// Applies the pending changesets in `scope`.
  public MigrationResult up(Scope scope, Approval approval, MigrationListener listener) {
    return record(
        listener,
        (session, recorder) -> {
          SchemaSession.Settled nothingToApply =
              () -> compatibility.hasNothingToApply(session.connection(), recorder);
          Optional<AdvisoryLock> lock = session.lock(recorder, nothingToApply);
          if (lock.isEmpty()) {
            noteAwaitedBackfills(session, recorder);
            return;
          }
          try (AdvisoryLock _ = lock.get()) {
            // The previous holder of the lock may have applied everything.
            if (!nothingToApply.get()) {
              upgrade(session, scope, approval, recorder);
            }
          }
        });
  }

  private void noteAwaitedBackfills(SchemaSession session, ResultRecorder recorder)
      throws SQLException {
    Optional<List<String>> awaited =
        History.awaited(session.connection(), changesets.fingerprint());
    for (String backfill : awaited.orElse(List.of())) {
      recorder.note("the pending changesets wait for the backfill " + backfill);
    }
  }

  private void upgrade(
      SchemaSession session, Scope scope, Approval approval, ResultRecorder recorder)
      throws SQLException {
    if (scope.module() != null) {
      modules().requireEnabled(scope.module());
    }
    EngineTables.prepare(session.connection());
    downgrade(session, approval, recorder).finishInterrupted();
    ChangesetRunner runner = runner(session, approval, recorder);
    new Upgrade(session, changesets, compatibility, guards, runner, recorder).run(scope);
  }

  private Downgrade downgrade(SchemaSession session, Approval approval, ResultRecorder recorder)
      throws SQLException {
    ChangesetRunner runner = runner(session, approval, recorder);
    return new Downgrade(
        session.connection(), changesets, dependents(session), guards, runner, recorder);
  }

  private RollbackDependents dependents(SchemaSession session) {
    return new RollbackDependents(session.connection(), changesets, scratchServer(), config);
  }

  private ChangesetRunner runner(SchemaSession session, Approval approval, ResultRecorder recorder)
      throws SQLException {
    return new ChangesetRunner(
        session.connection(), session.changesets(), address, config, recorder, approval, guards);
  }

  /// What happens to the changesets of other modules that were applied after those to be rolled
  /// back, and whose module requires theirs.
  public enum Dependents {
    /// Nothing is rolled back if there are any.
    REFUSE,
    /// They are rolled back first.
    ROLL_BACK
  }

  /// Rolls back the last `count` changesets of `module`, in reverse order, unless others depend on
  /// them.
  ///
  /// @param module `null` for those of all modules that were applied last
  public MigrationResult down(
      @Nullable String module, int count, Approval approval, MigrationListener listener) {
    return down(module, count, Dependents.REFUSE, approval, listener);
  }

  /// Rolls back the last `count` changesets of `module`, in reverse order.
  ///
  /// @param module `null` for those of all modules that were applied last
  public MigrationResult down(
      @Nullable String module,
      int count,
      Dependents dependents,
      Approval approval,
      MigrationListener listener) {
    return locked(
        listener,
        (session, recorder) -> {
          guards.requireApproval("down", approval);
          List<History.Applied> applied = applied(session.connection(), module);
          List<History.Applied> interrupted =
              module == null
                  ? History.interrupted(session.connection(), Direction.UP)
                  : interruptedAbove(session, module, ChangesetVersion.NONE);
          requireCount(count);
          if (count > applied.size() + interrupted.size()) {
            throw new OperatorException(
                "cannot roll back %s changesets: %s has %s applied"
                    .formatted(
                        count,
                        module == null ? "the database" : "module " + module,
                        applied.size()),
                "sheaf migrate history shows them");
          }
          int further = Math.max(0, count - interrupted.size());
          List<History.Applied> last = applied.reversed().subList(0, further);
          Downgrade downgrade = downgrade(session, approval, recorder);
          if (module == null) {
            downgrade.rollBack(interrupted, last);
          } else {
            downgrade.rollBack(module, interrupted, last, dependents);
          }
        });
  }

  private static List<History.Applied> applied(Connection connection, @Nullable String module)
      throws SQLException {
    return module == null ? History.read(connection) : History.read(connection, module);
  }

  private static void requireCount(int count) {
    if (count < 1) {
      throw new OperatorException(
          "the number of changesets must be at least 1: " + count, "sheaf migrate down 1");
    }
  }

  /// Applies or rolls back changesets of `module` until exactly those up to `version` are applied.
  ///
  /// @param version a changeset's version; [ChangesetVersion#NONE] for none
  public MigrationResult goTo(
      String module, ChangesetVersion version, Approval approval, MigrationListener listener) {
    return goTo(module, version, Dependents.REFUSE, approval, listener);
  }

  /// Applies or rolls back changesets of `module` until exactly those up to `version` are applied.
  ///
  /// @param version a changeset's version; [ChangesetVersion#NONE] for none
  public MigrationResult goTo(
      String module,
      ChangesetVersion version,
      Dependents dependents,
      Approval approval,
      MigrationListener listener) {
    return locked(
        listener,
        (session, recorder) -> {
          changesets.requireVersion(module, version);
          List<History.Applied> above =
              History.read(session.connection(), module).reversed().stream()
                  .filter(row -> row.version().isAfter(version))
                  .toList();
          List<History.Applied> interrupted = interruptedAbove(session, module, version);
          boolean down = !above.isEmpty() || !interrupted.isEmpty();
          if (down) {
            guards.requireApproval("down", approval);
            downgrade(session, approval, recorder).rollBack(module, interrupted, above, dependents);
          }
          Scope scope = new Scope(module, version);
          // Newer changesets of other modules must not prevent a rollback.
          if (!down || !pending(session, scope).isEmpty()) {
            upgrade(session, scope, approval, recorder);
          }
        });
  }

  private List<Changeset> pending(SchemaSession session, Scope scope) throws SQLException {
    return scope.filter(
        compatibility.plan(History.read(session.connection())).pending(), changesets);
  }

  private static List<History.Applied> interruptedAbove(
      SchemaSession session, String module, ChangesetVersion version) throws SQLException {
    return History.interrupted(session.connection(), Direction.UP).stream()
        .filter(row -> row.module().equals(module) && row.version().isAfter(version))
        .toList();
  }

  /// Records that exactly the changesets of `module` up to `version` are applied, without running
  /// anything.
  ///
  /// @param approval must have a reason
  public MigrationResult force(
      String module, ChangesetVersion version, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, recorder) -> {
          changesets.requireVersion(module, version);
          if (approval.reason() == null || approval.reason().isBlank()) {
            throw new OperatorException("force requires a reason", "add --reason WHY");
          }
          Connection connection = session.connection();
          Set<String> applied = new HashSet<>();
          List<History.Applied> rows = History.read(connection, module);
          List<History.Applied> incomplete = changesets.replacedInPart(rows);
          Set<String> current =
              changesets.current(rows).stream()
                  .map(History.Applied::path)
                  .collect(Collectors.toSet());
          Transactions.run(
              connection,
              _ -> {
                for (History.Applied row : rows) {
                  applied.add(row.path());
                  if (row.version().isAfter(version) || incomplete.contains(row)) {
                    History.remove(connection, row.path());
                    recordForced(connection, row.path(), "force down", approval);
                    recorder.recorded(row.label(), Direction.DOWN);
                  }
                }
                for (Changeset changeset : changesets.of(module)) {
                  if (changeset.version().isAfter(version)) {
                    continue;
                  }
                  if (!current.contains(changeset.file().path())) {
                    History.add(connection, changeset, "forced");
                    recordForced(connection, changeset.file().path(), "force up", approval);
                    recorder.recorded(changeset.label(), Direction.UP);
                  } else if (applied.contains(changeset.file().path())) {
                    // A person has repaired the database to match the file.
                    History.acceptFile(connection, changeset);
                  }
                }
                History.clearJournal(connection, module);
              });
        });
  }

  private static void recordForced(
      Connection connection, String path, String action, Approval approval) throws SQLException {
    History.event(connection, new History.Event(action, path, null, approval));
  }

  /// Adopts a database that has all objects of all enabled changelogs.
  public MigrationResult baseline(Approval approval, MigrationListener listener) {
    return baseline(Scope.ALL, approval, listener);
  }

  /// Adopts a database whose objects already exist: compares it with the changelogs and, if no
  /// object is missing or different, records the changesets as applied.
  ///
  /// @param scope the changesets
  public MigrationResult baseline(Scope scope, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, recorder) -> {
          Connection connection = session.connection();
          if (!History.read(connection).isEmpty()) {
            throw new OperatorException(
                "the database already has a migration history",
                "apply the pending changesets: sheaf migrate up");
          }
          if (scope.module() != null && scope.to() != null) {
            changesets.requireVersion(scope.module(), scope.to());
          }
          List<Changeset> all =
              Stream.concat(
                      scope.filter(changesets.enabled(), changesets).stream(),
                      scope.module() == null
                          ? changesets.repeatables().stream()
                          : Stream.<Changeset>of())
                  .toList();
          all.forEach(Changeset::requireRunnable);
          List<Difference> differences =
              verification().compare(connection, all, false).stream()
                  .filter(Adoption::isRefused)
                  .toList();
          if (!differences.isEmpty()) {
            Difference first = differences.getFirst();
            int more = differences.size() - 1;
            throw new OperatorException(
                "the database differs from the changelogs: %s is %s%s"
                    .formatted(
                        first.object(),
                        first.kind().name().toLowerCase(Locale.ROOT),
                        more == 0 ? "" : ", and there are " + more + " more differences"),
                "sheaf migrate verify shows all differences");
          }
          Adoption adoption = new Adoption(connection, changesets, verification(), recorder);
          Transactions.run(connection, _ -> adoption.record(all, approval));
          String missing = Changeset.withoutRollback(all);
          if (!missing.isEmpty()) {
            recorder.note(missing);
          }
        });
  }

  /// Adopts the database of another tool: records the changesets that the tool's history names as
  /// applied, if the database is what they make. The tool's table stays as it is.
  public MigrationResult adopt(
      Adoption.Request request, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, recorder) ->
            new Adoption(session.connection(), changesets, verification(), recorder)
                .adopt(request, approval));
  }

  /// Rolls everything back, including disabled modules, and drops the engine's own tables. Objects
  /// that a rollback left are a failure, which names them.
  ///
  /// @param confirmed the database's name, as a person typed it
  /// @param force required in production
  public MigrationResult drop(
      String confirmed, boolean force, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, recorder) -> {
          if (!confirmed.equals(address.database())) {
            throw new OperatorException(
                "not dropped: the database is " + address.database() + ", not " + confirmed,
                "type the name of the database to confirm");
          }
          guards.requireApproval("drop", approval);
          guards.requireForce(force);
          Connection connection = session.connection();
          guards.requireBackup(connection, "drop", "all data");
          List<Changeset> rolledBack = downgrade(session, approval, recorder).rollBackEverything();
          for (Trash.Item item : Trash.read(connection, Duration.ZERO)) {
            Trash.drop(connection, item);
          }
          Trash.dropSchema(connection);
          History.dropEngineTables(connection);
          List<String> left = Downgrade.leftovers(connection, rolledBack);
          if (!left.isEmpty()) {
            throw new OperatorException(
                "all changesets are rolled back, but their rollbacks left "
                    + Abbreviation.of(left, LISTED),
                "drop these objects by hand, and correct the rollbacks");
          }
        });
  }

  /// What is in the trash, oldest first.
  public List<TrashEntry> trash() {
    return read(session ->
        Trash.read(session.connection(), Duration.ZERO).stream().map(Trash.Item::entry).toList());
  }

  /// Permanently drops what has been in the trash for at least `age`, one object per transaction.
  ///
  /// @param dropped called after each object
  /// @return a result without changesets
  public MigrationResult emptyTrash(
      Duration age, Approval approval, Consumer<TrashEntry> dropped, MigrationListener listener) {
    return locked(
        listener,
        (session, recorder) -> {
          guards.requireApproval("emptying the trash", approval);
          Connection connection = session.connection();
          List<Trash.Item> items = Trash.read(connection, age);
          if (!items.isEmpty()) {
            guards.requireBackup(
                connection, "emptying the trash", items.getFirst().entry().object());
          }
          for (Trash.Item item : items) {
            Transactions.run(
                connection,
                _ -> {
                  try (Statement set = connection.createStatement()) {
                    set.execute("SET LOCAL lock_timeout = " + config.lockTimeout().toMillis());
                  }
                  Trash.drop(connection, item);
                  String object = item.entry().object();
                  String why =
                      approval.reason() == null ? object : object + ": " + approval.reason();
                  History.event(
                      connection,
                      new History.Event(
                          "empty trash", item.path(), null, new Approval(approval.by(), why)));
                });
            dropped.accept(item.entry());
          }
        });
  }

  /// Proves rollbacks: applies changesets, rolls them back and applies them again on a scratch
  /// database.
  ///
  /// @param module only this module; `null` for every enabled module
  /// @param listener called after each proof
  /// @throws OperatorException if no scratch database can be created, or there is no such changeset
  public List<RollbackProof> prove(
      ProofSelection selection, @Nullable String module, Consumer<RollbackProof> listener) {
    if (module != null) {
      changesets.modules().requireEnabled(module);
    }
    List<Changeset> all = changesets.enabled();
    List<Changeset> chosen =
        switch (selection) {
          case ProofSelection.All() -> all;
          case ProofSelection.One(Path file) -> List.of(changesets.at(file));
          case ProofSelection.Pending() -> compatibility.plan(applied()).pending();
        };
    DatabaseAddress server = scratchServer();
    try {
      return RollbackProver.prove(
          server,
          config,
          all,
          chosen.stream().filter(c -> module == null || module.equals(c.module())).toList(),
          changesets.changelogs()::test,
          listener);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "proving rollbacks", e);
    }
  }

  /// Derives the rollback of a changeset on a scratch database, and writes it into the file.
  ///
  /// @param file as in [ProofSelection.One]
  /// @throws OperatorException if the changeset has a rollback, is already applied, or fails
  public DerivedRollback deriveRollback(Path file) {
    Changeset changeset = changesets.at(file);
    if (changeset.down() != null) {
      throw new OperatorException(
          changeset.file().shortPath() + " already has a rollback",
          "test it: sheaf migrate prove " + file);
    }
    // In the other forms, the rollback can be added later: it is not in the changeset's own text.
    if (changeset.file().form() == ChangelogForm.LIQUIBASE
        && applied().stream().anyMatch(row -> row.path().equals(changeset.file().path()))) {
      throw new OperatorException(
          changeset.file().shortPath() + " is already applied in " + address,
          "do not edit an applied changelog; write a new one");
    }
    DatabaseAddress server = scratchServer();
    try {
      return RollbackDerivation.derive(
          server,
          config,
          changesets.enabled(),
          changeset,
          file.resolveSibling(changeset.file().fileName()));
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "deriving a rollback", e);
    }
  }

  /// The schema that all changesets of all modules make, as the text of [SchemaFile].
  ///
  /// @throws OperatorException if a changeset fails, or the schema has objects that Sheaf cannot
  ///   write as SQL
  public String snapshot() {
    DatabaseAddress server = scratchServer();
    try {
      return new SchemaFile(server, config)
          .text(ChangesetSelection.schema(changesets.changelogs()));
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "writing the schema", e);
    }
  }

  /// Compares the changelogs with the application's own entities.
  public EntityComparison compareEntities() {
    return compareEntities(EntityClasses.bundled());
  }

  public EntityComparison compareEntities(Collection<Class<?>> entities) {
    DatabaseAddress server = scratchServer();
    try {
      return EntityComparison.of(server, config, changesets.enabled(), entities);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "comparing the entities", e);
    }
  }

  /// Creates or refreshes the database `name` on the same server as an up-to-date template for
  /// tests.
  public MigrationResult template(String name, MigrationListener listener) {
    return TemplateDatabase.refresh(
        address,
        name,
        fingerprint(),
        database ->
            new Migrations(
                    database, config, changesets.changelogs(), changesets.modules(), production)
                .up(listener));
  }

  /// Drops the template databases that the lint keeps on the server for scratch databases.
  ///
  /// @return their names
  public List<String> dropStateTemplates() {
    return StateTemplates.dropAll(scratchServer());
  }

  /// The state of the database's schema.
  public SchemaStatus status() {
    return read(session -> {
      Connection connection = session.connection();
      SchemaStatus.Lock lock =
          SchemaLock.holder(connection)
              .map(h -> new SchemaStatus.Lock(h.client(), h.address(), h.backend(), h.since()))
              .orElse(null);
      StatusReport report = StatusReport.read(connection, changesets, compatibility);
      return new SchemaStatus(
          address.toString(),
          report.isUpToDate(),
          report.modules(),
          Backfill.all(connection),
          lock);
    });
  }

  /// All changes of the schema, in order.
  public List<HistoryEntry> history() {
    return read(session -> History.events(session.connection()));
  }

  /// Compares the live schema with the changesets that are recorded as applied.
  ///
  /// @return every difference; empty if there is none
  public List<Difference> verify() {
    return verify(false);
  }

  /// The same.
  ///
  /// @param privileges whether owners, privileges and default privileges count too; every object of
  ///   the changelogs is expected to belong to this role
  public List<Difference> verify(boolean privileges) {
    return read(session -> {
      Connection connection = session.connection();
      Set<String> repeatables =
          History.repeatables(connection).stream()
              .map(History.Applied::path)
              .collect(Collectors.toSet());
      List<Changeset> applied =
          Stream.concat(
                  changesets.current(History.read(connection)).stream().map(changesets::get),
                  changesets.repeatables().stream()
                      .filter(changeset -> repeatables.contains(changeset.file().path())))
              .toList();
      return verification().compare(connection, applied, privileges);
    });
  }

  private Verification verification() {
    return new Verification(address, config, changesets.changelogs());
  }

  /// The SQL that [#up] would run, without running it.
  public List<ChangesetScript> scriptUp(Scope scope) {
    return read(session -> {
      List<Changeset> pending = pending(session, scope);
      List<Changeset> repeatables =
          scope.module() == null ? changesets.pendingRepeatables(session.connection()) : List.of();
      pending.forEach(Changeset::requireRunnable);
      repeatables.forEach(Changeset::requireRunnable);
      return Stream.concat(pending.stream(), repeatables.stream())
          .map(changeset -> ChangesetScript.of(changeset, changeset.up()))
          .toList();
    });
  }

  /// The SQL that [#down] would run, without running it.
  public List<ChangesetScript> scriptDown(
      @Nullable String module, int count, Dependents dependents) {
    requireCount(count);
    return read(session -> {
      List<History.Applied> applied = applied(session.connection(), module);
      List<History.Applied> rows = applied.reversed().subList(0, Math.min(count, applied.size()));
      MigrationListener nobody = new MigrationListener() {};
      Rollbacks rollbacks = new Rollbacks(session.connection(), changesets, nobody);
      rollbacks.requireWhole(rows);
      List<Changeset> rolledBack =
          rollbacks.of(module == null ? rows : dependents(session).with(module, rows, dependents));
      List<ChangesetScript> scripts = new ArrayList<>();
      for (Changeset changeset : rolledBack) {
        List<SqlStatement> down = changeset.down();
        if (down == null) {
          throw changeset.noRollback();
        }
        scripts.add(ChangesetScript.of(changeset, down));
      }
      return scripts;
    });
  }

  /// The SQL of a changeset.
  ///
  /// @param changeset `module/NNN_name`
  /// @param transactional whether the statements are one transaction
  /// @param statements the statements in order, without semicolons
  public record ChangesetScript(String changeset, boolean transactional, List<String> statements) {

    private static ChangesetScript of(Changeset changeset, List<SqlStatement> statements) {
      return new ChangesetScript(
          changeset.label(),
          changeset.transactional(),
          statements.stream().map(SqlStatement::toString).toList());
    }
  }

  /// Requires that this application is compatible with the schema. Nothing is changed.
  ///
  /// @throws OperatorException if it is not
  public void requireCompatible() {
    read(session -> {
      compatibility.requireCompatible(session.connection());
      return true;
    });
  }

  /// Waits until this application is compatible with the schema: until another process has migrated
  /// it or rolled it back, or until the server is available.
  ///
  /// @param listener gets a note whenever the reason changes
  /// @throws OperatorException if it is still not compatible after `timeout`
  public void awaitCompatible(Duration timeout, MigrationListener listener)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    for (String reason = ""; ; Thread.sleep(POLL)) {
      try {
        requireCompatible();
        return;
      } catch (OperatorException e) {
        if (System.nanoTime() >= deadline) {
          throw e;
        }
        if (!reason.equals(e.problem())) {
          reason = e.problem();
          listener.note("waiting: " + reason);
        }
      }
    }
  }

  /// Whether this application is compatible with the schema of `connection`.
  public CompatibilityVerdict compatibility(Connection connection) throws SQLException {
    try {
      compatibility.requireCompatible(connection);
      return new CompatibilityVerdict(true, "");
    } catch (OperatorException e) {
      return new CompatibilityVerdict(false, e.problem());
    }
  }

  private interface SchemaChange {
    void apply(SchemaSession session, ResultRecorder recorder) throws SQLException;
  }

  private DatabaseAddress scratchServer() {
    return ScratchDatabase.server(address, config);
  }

  private List<History.Applied> applied() {
    return read(session -> History.read(session.connection()));
  }

  private <T> T read(SchemaSession.Look<T> query) {
    return SchemaSession.look(address, config, query);
  }

  private MigrationResult locked(MigrationListener listener, SchemaChange change) {
    return record(
        listener,
        (session, recorder) -> {
          try (AdvisoryLock _ = session.lock(recorder, () -> false).orElseThrow()) {
            EngineTables.prepare(session.connection());
            change.apply(session, recorder);
          }
        });
  }

  private MigrationResult record(MigrationListener listener, SchemaChange change) {
    ResultRecorder recorder = new ResultRecorder(listener);
    try (SchemaSession session = SchemaSession.open(address, config)) {
      change.apply(session, recorder);
    } catch (OperatorException e) {
      recorder.problems.add(e);
    } catch (SQLException e) {
      recorder.problems.add(SqlErrorMessage.running(address, "changing the schema", e));
    }
    return recorder.result();
  }
}
