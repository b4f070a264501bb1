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
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.Collected;
import dev.sheaf.migration.execute.SchemaLock;
import dev.sheaf.migration.execute.SchemaSession;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.EngineTables;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.Rollbacks;
import dev.sheaf.migration.history.Trash;
import dev.sheaf.migration.proof.EntityClasses;
import dev.sheaf.migration.proof.EntityComparison;
import dev.sheaf.migration.proof.RollbackDerivation;
import dev.sheaf.migration.proof.RollbackProver;
import dev.sheaf.migration.proof.Verification;
import dev.sheaf.migration.scratch.ScratchDatabase;
import dev.sheaf.migration.scratch.TemplateDatabase;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Every verb that looks at or changes the schema of one database. The start of the service, the
/// commands and the HTTP resource all come through here.
///
/// Verbs that change something return a [MigrationResult] and do not throw; verbs that look throw a
/// [OperatorException] when they cannot.
public final class Migrations {

  private static final Duration POLL = Duration.ofSeconds(1);

  private final DatabaseAddress address;
  private final MigrationConfig config;
  private final boolean production;
  private final Changesets changesets;
  private final Compatibility fit;
  private final ProductionGuards safeguards;

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
    this.fit = new Compatibility(changesets, config);
    this.safeguards = new ProductionGuards(config, production);
  }

  /// The engine for one database, with the changelogs that `config` names and the modules that are
  /// on.
  ///
  /// @param production whether going down has to be approved
  /// @throws OperatorException when changelogs or modules are not as they should be
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

  /// How far [#up] goes.
  ///
  /// @param module only this one; `null` is every enabled one
  /// @param to the last number that is applied, with `module`; `null` is the latest
  public record Reach(@Nullable String module, @Nullable Integer to) {

    /// Everything there is.
    public static final Reach HEAD = new Reach(null, null);

    public Reach {
      if (to != null && module == null) {
        throw new OperatorException("a version belongs to a module", "name it with --module");
      }
    }

    /// Those of `pending` that are within it.
    List<Changeset> among(List<Changeset> pending) {
      return pending.stream()
          .filter(c -> module == null || module.equals(c.module()))
          .filter(c -> to == null || c.number() <= to)
          .toList();
    }
  }

  /// Applies everything that is pending. At head this is one `SELECT`; nothing is parsed and
  /// nothing is locked.
  public MigrationResult up(MigrationListener listener) {
    return up(Reach.HEAD, Approval.NONE, listener);
  }

  /// Applies what is pending, as far as `reach`.
  public MigrationResult up(Reach reach, Approval approval, MigrationListener listener) {
    return collect(
        listener,
        (session, collected) -> {
          SchemaSession.Settled settled = () -> fit.isSettled(session.connection(), collected);
          Optional<AdvisoryLock> lock = session.lock(collected, settled);
          if (lock.isEmpty()) {
            noteAwaited(session, collected);
            return;
          }
          try (AdvisoryLock _ = lock.get()) {
            // The one who held the lock may just have done it all.
            if (!settled.get()) {
              ascend(session, reach, approval, collected);
            }
          }
        });
  }

  private void noteAwaited(SchemaSession session, Collected collected) throws SQLException {
    Optional<List<String>> awaited =
        History.awaited(session.connection(), changesets.fingerprint());
    for (String backfill : awaited.orElse(List.of())) {
      collected.note("what is pending waits for the backfill " + backfill);
    }
  }

  private void ascend(SchemaSession session, Reach reach, Approval approval, Collected collected)
      throws SQLException {
    if (reach.module() != null) {
      modules().requireEnabled(reach.module());
    }
    EngineTables.prepare(session.connection());
    descent(session, approval, collected).finishInterrupted();
    ChangesetRunner runner = runner(session, approval, collected);
    new Upgrade(session, changesets, fit, safeguards, runner, collected).to(reach);
  }

  private Downgrade descent(SchemaSession session, Approval approval, Collected collected) {
    ChangesetRunner runner = runner(session, approval, collected);
    return new Downgrade(session.connection(), changesets, safeguards, runner, collected);
  }

  private ChangesetRunner runner(SchemaSession session, Approval approval, Collected collected) {
    return new ChangesetRunner(session.connection(), address, config, collected, approval);
  }

  /// Rolls back the last `count` changesets of `module`, in the reverse of the order in which they
  /// were applied.
  public MigrationResult down(
      String module, int count, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, collected) -> {
          safeguards.requireApproval("down", approval);
          List<History.Applied> applied = History.read(session.connection(), module);
          if (count > applied.size()) {
            throw new OperatorException(
                "module " + module + " has " + applied.size() + " changesets applied, not " + count,
                "sheaf migrate history shows them");
          }
          descent(session, approval, collected)
              .takeBack(interruptedAbove(session, module, 0), applied.reversed().subList(0, count));
        });
  }

  /// Goes up or down to where exactly the changesets of `module` up to `version` are applied.
  ///
  /// @param version a number; 0 is none
  public MigrationResult goTo(
      String module, int version, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, collected) -> {
          changesets.requireVersion(module, version);
          List<History.Applied> above =
              History.read(session.connection(), module).reversed().stream()
                  .filter(row -> row.number() > version)
                  .toList();
          List<History.Applied> interrupted = interruptedAbove(session, module, version);
          boolean down = !above.isEmpty() || !interrupted.isEmpty();
          if (down) {
            safeguards.requireApproval("down", approval);
            descent(session, approval, collected).takeBack(interrupted, above);
          }
          Reach reach = new Reach(module, version);
          // Newer changesets of other modules are no reason not to go down.
          if (!down || !pending(session, reach).isEmpty()) {
            ascend(session, reach, approval, collected);
          }
        });
  }

  private List<Changeset> pending(SchemaSession session, Reach reach) throws SQLException {
    return reach.among(
        MigrationPlan.of(changesets.enabled(), History.read(session.connection())).pending());
  }

  private static List<History.Applied> interruptedAbove(
      SchemaSession session, String module, int version) throws SQLException {
    return History.interrupted(session.connection(), Direction.UP).stream()
        .filter(row -> row.module().equals(module) && row.number() > version)
        .toList();
  }

  /// Records that exactly the changesets of `module` up to `version` are applied, and runs nothing.
  ///
  /// @param approval its reason says why
  public MigrationResult force(
      String module, int version, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, collected) -> {
          changesets.requireVersion(module, version);
          if (approval.reason() == null || approval.reason().isBlank()) {
            throw new OperatorException(
                "nobody will know later why this was forced", "say it with --reason");
          }
          Connection connection = session.connection();
          Set<String> applied = new HashSet<>();
          List<History.Applied> rows = History.read(connection, module);
          Transactions.run(
              connection,
              _ -> {
                for (History.Applied row : rows) {
                  applied.add(row.path());
                  if (row.number() > version) {
                    History.remove(connection, row.path());
                    forced(connection, row.path(), "force down", approval);
                    collected.recorded(row.label(), Direction.DOWN);
                  }
                }
                for (Changeset changeset : changesets.of(module)) {
                  if (changeset.number() <= version && !applied.contains(changeset.file().path())) {
                    History.add(connection, changeset, "forced");
                    forced(connection, changeset.file().path(), "force up", approval);
                    collected.recorded(changeset.label(), Direction.UP);
                  } else if (changeset.number() <= version) {
                    // A human repaired the database to what the file says now.
                    History.accept(connection, changeset);
                  }
                }
                History.clearJournal(connection, module);
              });
        });
  }

  private static void forced(Connection connection, String path, String action, Approval approval)
      throws SQLException {
    History.event(connection, new History.Event(action, path, null, approval));
  }

  /// Adopts a database whose objects exist already: compares them with what the enabled changelogs
  /// make, and, when nothing is missing or different, records those as applied.
  public MigrationResult baseline(Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, collected) -> {
          Connection connection = session.connection();
          if (!History.read(connection).isEmpty()) {
            throw new OperatorException(
                "the database has a history already", "bring it to head with: sheaf migrate up");
          }
          List<Changeset> all = changesets.enabled();
          List<Difference> differences =
              verification().compare(connection, all, false).stream()
                  .filter(difference -> difference.kind() != Difference.Kind.EXTRA)
                  .toList();
          if (!differences.isEmpty()) {
            Difference first = differences.getFirst();
            throw new OperatorException(
                "the database is not what the changelogs make: "
                    + differences.size()
                    + " differences, the first: "
                    + first.object()
                    + " is "
                    + first.kind().name().toLowerCase(Locale.ROOT),
                "sheaf migrate verify shows them all");
          }
          Transactions.run(
              connection,
              _ -> {
                for (Changeset changeset : all) {
                  History.add(connection, changeset, "baseline");
                  History.event(
                      connection,
                      new History.Event("baseline", changeset.file().path(), null, approval));
                  collected.recorded(changeset.label(), Direction.UP);
                  BackfillRegister.enter(connection, changesets.changelogs(), changeset);
                }
                History.recordHead(connection, changesets.fingerprint(), List.of());
              });
        });
  }

  /// Rolls everything back, disabled modules included, and forgets that it was ever there.
  ///
  /// @param confirmed the database's name, as the person typed it
  /// @param force in production, that this is really meant
  public MigrationResult drop(
      String confirmed, boolean force, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, collected) -> {
          if (!confirmed.equals(address.database())) {
            throw new OperatorException(
                "not dropped: the database is " + address.database() + ", not " + confirmed,
                "type its name to confirm");
          }
          safeguards.requireApproval("drop", approval);
          safeguards.requireForce(force);
          Connection connection = session.connection();
          safeguards.requireBackup(connection, "drop", "all there is");
          descent(session, approval, collected).takeBackEverything();
          for (Trash.Item item : Trash.read(connection, Duration.ZERO)) {
            Trash.drop(connection, item);
          }
          Trash.dropSchema(connection);
          History.forget(connection);
        });
  }

  /// What contract steps took away and nobody has dropped yet, longest first.
  public List<TrashEntry> trash() {
    return look(session ->
        Trash.read(session.connection(), Duration.ZERO).stream().map(Trash.Item::entry).toList());
  }

  /// Drops for good what has been in the trash for at least `age`, one by one.
  ///
  /// @param dropped told about each, when it is gone
  /// @return how it ended; nothing is in its list of changesets
  public MigrationResult emptyTrash(
      Duration age, Approval approval, Consumer<TrashEntry> dropped, MigrationListener listener) {
    return locked(
        listener,
        (session, collected) -> {
          safeguards.requireApproval("emptying the trash", approval);
          Connection connection = session.connection();
          List<Trash.Item> items = Trash.read(connection, age);
          if (!items.isEmpty()) {
            safeguards.requireBackup(
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

  /// Runs changesets up, down and up again, and looks whether anything is not as it was.
  ///
  /// @param module only of this one; `null` is every enabled one
  /// @param listener told of each proof when it is done
  /// @throws OperatorException when there is no scratch database to be had, or no such changeset
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
          case ProofSelection.Pending() -> MigrationPlan.of(all, applied()).pending();
        };
    DatabaseAddress server = scratchServer();
    try {
      return RollbackProver.prove(
          server,
          config,
          all,
          chosen.stream().filter(c -> module == null || module.equals(c.module())).toList(),
          listener);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "proving rollbacks", e);
    }
  }

  /// Runs a changeset without a rollback, and writes the statements that undo it into its file.
  ///
  /// @param file as in [ProofSelection.One]
  /// @throws OperatorException when it has a rollback, is applied, or does not go up
  public DerivedRollback deriveRollback(Path file) {
    Changeset changeset = changesets.at(file);
    if (changeset.down() != null) {
      throw new OperatorException(
          changeset.file().shortPath() + " has a rollback",
          "see whether it holds: sheaf migrate prove " + file);
    }
    if (applied().stream().anyMatch(row -> row.path().equals(changeset.file().path()))) {
      throw new OperatorException(
          changeset.file().shortPath() + " is applied at " + address,
          "an applied changelog is not edited");
    }
    DatabaseAddress server = scratchServer();
    try {
      return RollbackDerivation.derive(server, config, changesets.enabled(), changeset, file);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "deriving a rollback", e);
    }
  }

  /// What the schema that the changelogs make lacks for the application's own entities.
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

  /// Makes the database `name`, on the same server, a template at head for tests to clone, unless
  /// it is one.
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

  /// Where the database stands.
  public SchemaStatus status() {
    return look(session -> {
      Connection connection = session.connection();
      SchemaStatus.Lock lock =
          SchemaLock.holder(connection)
              .map(h -> new SchemaStatus.Lock(h.client(), h.address(), h.backend(), h.since()))
              .orElse(null);
      StatusReport standing = StatusReport.read(connection, changesets, fit);
      return new SchemaStatus(
          address.toString(),
          standing.isSettled(),
          standing.modules(),
          Backfill.all(connection),
          lock);
    });
  }

  /// Everything that was ever done to the schema, in order.
  public List<HistoryEntry> history() {
    return look(session -> History.events(session.connection()));
  }

  /// Compares the live schema with what the changelogs make that are recorded as applied.
  ///
  /// @return every difference; empty when there is none
  public List<Difference> verify() {
    return verify(false);
  }

  /// The same.
  ///
  /// @param privileges whether owners, privileges and default privileges count too; every object of
  ///   the changelogs is expected to belong to this role
  public List<Difference> verify(boolean privileges) {
    return look(session -> {
      List<Changeset> applied =
          History.read(session.connection()).stream().map(changesets::behind).toList();
      return verification().compare(session.connection(), applied, privileges);
    });
  }

  private Verification verification() {
    return new Verification(address, config, changesets.changelogs());
  }

  /// The SQL that [#up] would run, without running it.
  public List<Script> scriptUp(Reach reach) {
    return look(session ->
        pending(session, reach).stream()
            .map(pending -> new Script(pending.label(), pending.transactional(), pending.up()))
            .toList());
  }

  /// The SQL that [#down] would run, without running it.
  public List<Script> scriptDown(String module, int count) {
    return look(session -> {
      List<History.Applied> applied = History.read(session.connection(), module);
      List<History.Applied> rows = applied.reversed().subList(0, Math.min(count, applied.size()));
      Rollbacks rollbacks =
          new Rollbacks(session.connection(), changesets, new MigrationListener() {});
      return rollbacks.of(rows).stream()
          .map(c ->
              new Script(c.label(), c.transactional(), c.down() == null ? List.of() : c.down()))
          .toList();
    });
  }

  /// What one changeset would run.
  ///
  /// @param changeset `module/NNN_name`
  /// @param transactional whether it is one transaction
  /// @param statements in order, without semicolons
  public record Script(String changeset, boolean transactional, List<String> statements) {}

  /// Looks, and changes nothing.
  ///
  /// @throws OperatorException when this application cannot work with the schema
  public void requireHead() {
    look(session -> {
      fit.require(session.connection());
      return true;
    });
  }

  /// Waits until this application can work with the schema: until somebody else has migrated it, or
  /// taken back what is too new, or the server is there at all.
  ///
  /// @param listener is told why, each time that the reason changes
  /// @throws OperatorException when it still cannot after `patience`
  public void awaitFit(Duration patience, MigrationListener listener) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    for (String reason = ""; ; Thread.sleep(POLL)) {
      try {
        requireHead();
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

  /// Whether this application can work with the schema that `connection` sees.
  public CompatibilityVerdict judge(Connection connection) throws SQLException {
    try {
      fit.require(connection);
      return new CompatibilityVerdict(true, "");
    } catch (OperatorException e) {
      return new CompatibilityVerdict(false, e.problem());
    }
  }

  private interface Change {
    void make(SchemaSession session, Collected collected) throws SQLException;
  }

  private DatabaseAddress scratchServer() {
    return ScratchDatabase.server(address, config);
  }

  private List<History.Applied> applied() {
    return look(session -> History.read(session.connection()));
  }

  private <T> T look(SchemaSession.Look<T> look) {
    return SchemaSession.look(address, config, look);
  }

  private MigrationResult locked(MigrationListener listener, Change change) {
    return collect(
        listener,
        (session, collected) -> {
          try (AdvisoryLock _ = session.lock(collected, () -> false).orElseThrow()) {
            EngineTables.prepare(session.connection());
            change.make(session, collected);
          }
        });
  }

  private MigrationResult collect(MigrationListener listener, Change change) {
    Collected collected = new Collected(listener);
    try (SchemaSession session = SchemaSession.open(address, config)) {
      change.make(session, collected);
    } catch (OperatorException e) {
      collected.problems.add(e);
    } catch (SQLException e) {
      collected.problems.add(SqlErrorMessage.running(address, "changing the schema", e));
    }
    return collected.result();
  }
}
