package dev.sheaf.schema;

import dev.sheaf.schema.MigrationListener.Direction;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Every verb that looks at or changes the schema of one database. The start of the service, the
/// commands and the HTTP resource all come through here.
///
/// Verbs that change something return a [MigrationResult] and do not throw; verbs that look throw a
/// [SchemaException] when they cannot.
public final class Migrations {

  private static final Duration POLL = Duration.ofSeconds(1);

  private final DatabaseAddress address;
  private final SchemaConfig config;
  private final Changelogs changelogs;
  private final Modules modules;
  private final boolean production;
  private final Fit fit;
  private final String fingerprint;
  private volatile @Nullable List<Changeset> parsed;

  Migrations(
      DatabaseAddress address,
      SchemaConfig config,
      Changelogs changelogs,
      Modules modules,
      boolean production) {
    this.address = address;
    this.config = config;
    this.changelogs = changelogs;
    this.modules = modules;
    this.production = production;
    this.fit = new Fit(changelogs, config);
    this.fingerprint = changelogs.fingerprint(modules.enabled());
  }

  /// The engine for one database, with the changelogs that `config` names and the modules that are
  /// on.
  ///
  /// @param production whether going down has to be approved
  /// @throws SchemaException when changelogs or modules are not as they should be
  public static Migrations of(
      DatabaseAddress address, SchemaConfig config, ModulesConfig modules, boolean production) {
    Changelogs changelogs = config.root().map(Changelogs::in).orElseGet(Changelogs::bundled);
    return new Migrations(address, config, changelogs, Modules.of(changelogs, modules), production);
  }

  public Modules modules() {
    return modules;
  }

  public DatabaseAddress address() {
    return address;
  }

  /// SHA-256 of the enabled changelogs.
  public String fingerprint() {
    return fingerprint;
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
        throw new SchemaException("a version belongs to a module", "name it with --module");
      }
    }

    boolean includes(String candidate, int number) {
      return (module == null || module.equals(candidate)) && (to == null || number <= to);
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
          Optional<SchemaLock> lock = session.lock(collected, () -> isSettled(session, collected));
          if (lock.isEmpty()) {
            noteAwaited(session, collected);
            return;
          }
          try (SchemaLock _ = lock.get()) {
            // The one who held the lock may just have done it all.
            if (!isSettled(session, collected)) {
              applyPending(session, reach, approval, collected);
            }
          }
        });
  }

  private boolean isAtHead(SchemaSession session) throws SQLException {
    return History.isAtHead(session.connection(), fingerprint);
  }

  /// Whether there is nothing to apply: the schema is at head, or a newer application has brought
  /// it further and this one can work with that. Then it must not change anything.
  private boolean isSettled(SchemaSession session, Collected collected) throws SQLException {
    if (isAtHead(session)) {
      return true;
    }
    Connection connection = session.connection();
    Plan plan = Plan.of(changesets(), History.read(connection));
    if (plan.unknown().isEmpty()
        || !fit.missing(plan).isEmpty()
        || !plan.edited().isEmpty()
        || History.interrupted(connection).containsValue(Direction.DOWN)) {
      return false;
    }
    List<NewerChangeset> newer = NewerChangeset.of(connection, plan.unknown());
    if (newer.stream().allMatch(changeset -> changeset.isToleratedBy(Client.VERSION))) {
      collected.note(
          "the database is newer than this application, %s, and tolerates it: %s"
              .formatted(Client.VERSION, NewerChangeset.text(newer)));
      return true;
    }
    return false;
  }

  private void noteAwaited(SchemaSession session, Collected collected) throws SQLException {
    for (String backfill : History.awaited(session.connection(), fingerprint).orElse(List.of())) {
      collected.note("what is pending waits for the backfill " + backfill);
    }
  }

  private void applyPending(
      SchemaSession session, Reach reach, Approval approval, Collected collected)
      throws SQLException {
    if (reach.module() != null) {
      requireEnabled(reach.module());
    }
    History.prepare(session.connection());
    ChangesetRunner runner = runner(session, approval, collected);
    finishRollbacks(session, runner, collected);
    Plan plan = Plan.of(changesets(), History.read(session.connection()));
    fit.refuse(plan, session.connection());
    for (Changeset applied : plan.applied()) {
      StoredRollback.store(session.connection(), applied);
    }
    List<Changeset> chosen =
        plan.pending().stream()
            .filter(pending -> reach.includes(pending.module(), pending.number()))
            .toList();
    List<Changeset> behind = fit.behindBackfills(plan.pending());
    requireBackup(session, chosen.stream().filter(c -> !behind.contains(c)).toList());
    Extensions.requireAvailable(session.connection(), address, chosen);
    for (Changeset applied : plan.applied()) {
      enterBackfill(session, applied);
    }
    Set<String> awaited = new LinkedHashSet<>();
    List<Changeset> held = new ArrayList<>();
    for (Changeset changeset : chosen) {
      if (behind.contains(changeset)) {
        List<String> unmet = unmet(session, changeset, collected);
        awaited.addAll(unmet);
        if (!unmet.isEmpty() || fit.standsBehind(changeset, held)) {
          held.add(changeset);
          continue;
        }
        requireBackup(session, List.of(changeset));
      }
      if (plan.late().contains(changeset)) {
        collected.note(
            changeset.label()
                + " came late: higher-numbered changesets of its module were applied before it");
      }
      collected.executed.add(runner.run(changeset, Direction.UP));
      enterBackfill(session, changeset);
    }
    if (chosen.size() == plan.pending().size() && plan.unknown().isEmpty()) {
      History.recordHead(session.connection(), fingerprint, awaited);
    }
  }

  /// The backfills that `changeset` requires and that are not complete.
  private List<String> unmet(SchemaSession session, Changeset changeset, Collected collected)
      throws SQLException {
    List<String> unmet = new ArrayList<>();
    for (String backfill : changeset.directives().requiresBackfill()) {
      if (changelogs.backfill(backfill).isEmpty()) {
        throw new SchemaException(
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

  private void enterBackfill(SchemaSession session, Changeset changeset) throws SQLException {
    Optional<ChangelogFile> file = changelogs.backfill(changeset.label());
    if (file.isPresent()) {
      BackfillRegister.enter(session.connection(), BackfillDeclaration.of(file.get()));
    }
  }

  /// A rollback that was interrupted half-way is neither here nor there. It is brought to its end;
  /// what it undid is pending then, like anything else.
  private void finishRollbacks(SchemaSession session, ChangesetRunner runner, Collected collected)
      throws SQLException {
    for (History.Applied row : interrupted(session, Direction.DOWN)) {
      collected.note(row.label() + ": an interrupted rollback is finished first");
      collected.executed.add(runner.undo(rollbackOf(session, row, collected)));
    }
  }

  /// A changeset outside a transaction that was interrupted on its way up is in no history, and
  /// half of it may be there. Who goes down takes it back.
  private void undoInterrupted(
      SchemaSession session,
      List<History.Applied> interrupted,
      Approval approval,
      Collected collected)
      throws SQLException {
    for (History.Applied row : interrupted) {
      collected.note(row.label() + " was interrupted on its way up; it is taken back first");
      collected.executed.add(
          runner(session, approval, collected).undo(rollbackOf(session, row, collected)));
    }
  }

  /// What was interrupted on its way in `direction`, latest first.
  private static List<History.Applied> interrupted(SchemaSession session, Direction direction)
      throws SQLException {
    return History.interrupted(session.connection()).entrySet().stream()
        .filter(entry -> entry.getValue() == direction)
        .map(entry -> new History.Applied(entry.getKey(), null))
        .sorted(Comparator.comparing(History.Applied::path).reversed())
        .toList();
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
          requireApproval("down", approval);
          List<History.Applied> applied = applied(session, module);
          if (count > applied.size()) {
            throw new SchemaException(
                "module " + module + " has " + applied.size() + " changesets applied, not " + count,
                "sheaf migrate history shows them");
          }
          rollBack(
              session,
              interruptedAbove(session, module, 0),
              applied.reversed().subList(0, count),
              approval,
              collected);
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
          requireVersion(module, version);
          List<History.Applied> above =
              applied(session, module).reversed().stream()
                  .filter(row -> row.number() > version)
                  .toList();
          List<History.Applied> interrupted = interruptedAbove(session, module, version);
          boolean down = !above.isEmpty() || !interrupted.isEmpty();
          if (down) {
            requireApproval("down", approval);
            rollBack(session, interrupted, above, approval, collected);
          }
          Reach reach = new Reach(module, version);
          // Newer changesets of other modules are no reason not to go down.
          if (!down || !pending(session, reach).isEmpty()) {
            applyPending(session, reach, approval, collected);
          }
        });
  }

  private List<Changeset> pending(SchemaSession session, Reach reach) throws SQLException {
    return Plan.of(changesets(), History.read(session.connection())).pending().stream()
        .filter(pending -> reach.includes(pending.module(), pending.number()))
        .toList();
  }

  private static List<History.Applied> interruptedAbove(
      SchemaSession session, String module, int version) throws SQLException {
    return interrupted(session, Direction.UP).stream()
        .filter(row -> row.module().equals(module) && row.number() > version)
        .toList();
  }

  private void rollBack(
      SchemaSession session,
      List<History.Applied> interrupted,
      List<History.Applied> rows,
      Approval approval,
      Collected collected)
      throws SQLException {
    List<Changeset> undone = rollbacksOf(session, rows, collected);
    for (Changeset changeset : undone) {
      requireBackup(
          session, "the rollback of " + changeset.file().shortPath(), changeset.rollbackLoses());
    }
    undoInterrupted(session, interrupted, approval, collected);
    ChangesetRunner runner = runner(session, approval, collected);
    for (Changeset changeset : undone) {
      collected.executed.add(runner.run(changeset, Direction.DOWN));
    }
  }

  private List<Changeset> rollbacksOf(
      SchemaSession session, List<History.Applied> rows, MigrationListener listener)
      throws SQLException {
    List<Changeset> rollbacks = new ArrayList<>();
    for (History.Applied row : rows) {
      rollbacks.add(rollbackOf(session, row, listener));
    }
    return rollbacks;
  }

  /// Records that exactly the changesets of `module` up to `version` are applied, and runs nothing.
  ///
  /// @param approval its reason says why
  public MigrationResult force(
      String module, int version, Approval approval, MigrationListener listener) {
    return locked(
        listener,
        (session, collected) -> {
          requireVersion(module, version);
          if (approval.reason() == null || approval.reason().isBlank()) {
            throw new SchemaException(
                "nobody will know later why this was forced", "say it with --reason");
          }
          Connection connection = session.connection();
          Set<String> applied = new HashSet<>();
          List<History.Applied> rows = applied(session, module);
          Transaction.run(
              connection,
              () -> {
                for (History.Applied row : rows) {
                  applied.add(row.path());
                  if (row.number() > version) {
                    History.remove(connection, row.path());
                    forced(connection, row.path(), "force down", approval);
                    collected.recorded(row.label(), Direction.DOWN);
                  }
                }
                for (Changeset changeset : changesetsOf(module)) {
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
            throw new SchemaException(
                "the database has a history already", "bring it to head with: sheaf migrate up");
          }
          List<Changeset> all = changesets();
          List<Difference> differences =
              new Verification(address, config, changelogs)
                  .compare(connection, all).stream()
                      .filter(difference -> difference.kind() != Difference.Kind.EXTRA)
                      .toList();
          if (!differences.isEmpty()) {
            Difference first = differences.getFirst();
            throw new SchemaException(
                "the database is not what the changelogs make: "
                    + differences.size()
                    + " differences, the first: "
                    + first.object()
                    + " is "
                    + first.kind().name().toLowerCase(Locale.ROOT),
                "sheaf migrate verify shows them all");
          }
          Transaction.run(
              connection,
              () -> {
                for (Changeset changeset : all) {
                  History.add(connection, changeset, "baseline");
                  History.event(
                      connection,
                      new History.Event("baseline", changeset.file().path(), null, approval));
                  collected.recorded(changeset.label(), Direction.UP);
                  enterBackfill(session, changeset);
                }
                History.recordHead(connection, fingerprint, List.of());
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
            throw new SchemaException(
                "not dropped: the database is " + address.database() + ", not " + confirmed,
                "type its name to confirm");
          }
          requireApproval("drop", approval);
          if (production && !force) {
            throw new SchemaException(
                "this is a production database", "add --force to drop it all the same");
          }
          requireBackup(session, "drop", "all there is");
          undoInterrupted(session, interrupted(session, Direction.UP), approval, collected);
          ChangesetRunner runner = runner(session, approval, collected);
          List<History.Applied> applied = History.read(session.connection()).reversed();
          for (Changeset changeset : rollbacksOf(session, applied, collected)) {
            // What is gone already need not be dropped.
            collected.executed.add(runner.undo(changeset));
          }
          for (Trash.Item item : Trash.read(session.connection(), Duration.ZERO)) {
            Trash.drop(session.connection(), item);
          }
          Trash.dropSchema(session.connection());
          History.forget(session.connection());
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
          requireApproval("emptying the trash", approval);
          Connection connection = session.connection();
          List<Trash.Item> items = Trash.read(connection, age);
          if (!items.isEmpty()) {
            requireBackup(session, "emptying the trash", items.getFirst().entry().object());
          }
          for (Trash.Item item : items) {
            Transaction.run(
                connection,
                () -> {
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

  /// Makes the database `name`, on the same server, a template at head for tests to clone, unless
  /// it is one.
  public MigrationResult template(String name, MigrationListener listener) {
    return TemplateDatabase.refresh(
        address,
        name,
        database -> new Migrations(database, config, changelogs, modules, production),
        listener);
  }

  /// Where the database stands.
  public SchemaStatus status() {
    return look(session -> {
      Connection connection = session.connection();
      SchemaStatus.Lock lock =
          SchemaLock.holder(connection)
              .map(h -> new SchemaStatus.Lock(h.client(), h.address(), h.backend(), h.since()))
              .orElse(null);
      List<History.Applied> history = History.read(connection);
      boolean atHead = History.awaited(connection, fingerprint).filter(List::isEmpty).isPresent();
      // At head nothing has to be parsed to know that every file is applied as it stands.
      Plan plan = atHead ? Plan.settled(history, modules) : Plan.of(changesets(), history);
      Map<String, Direction> interrupted = History.interrupted(connection);
      List<Changeset> behind = fit.behindBackfills(plan.pending());
      Set<String> names = new LinkedHashSet<>(modules.enabled());
      names.addAll(modules.known());
      history.forEach(row -> names.add(row.module()));
      List<String> tolerated =
          NewerChangeset.of(connection, plan.unknown()).stream()
              .filter(newer -> newer.isToleratedBy(Client.VERSION))
              .map(NewerChangeset::label)
              .toList();
      List<SchemaStatus.Module> all =
          names.stream()
              .map(name -> status(name, plan, behind, history, interrupted.keySet(), tolerated))
              .toList();
      boolean settled =
          atHead
              || (plan.pending().isEmpty()
                  && plan.edited().isEmpty()
                  && plan.unknown().size() == tolerated.size()
                  && !interrupted.containsValue(Direction.DOWN));
      return new SchemaStatus(address.toString(), settled, all, Backfill.all(connection), lock);
    });
  }

  private SchemaStatus.Module status(
      String name,
      Plan plan,
      List<Changeset> behind,
      List<History.Applied> history,
      Set<String> interrupted,
      List<String> tolerated) {
    List<String> unknown =
        plan.unknown().stream()
            .filter(row -> row.module().equals(name))
            .map(History.Applied::label)
            .toList();
    List<Changeset> pending = plan.pending().stream().filter(c -> c.module().equals(name)).toList();
    return new SchemaStatus.Module(
        name,
        modules.enabled().contains(name),
        history.stream()
            .filter(row -> row.module().equals(name))
            .mapToInt(History.Applied::number)
            .max()
            .orElse(0),
        changelogs.files().getOrDefault(name, List.of()).stream()
            .mapToInt(ChangelogFile::number)
            .max()
            .orElse(0),
        pending.stream().map(Changeset::label).toList(),
        pending.stream().filter(behind::contains).map(Changeset::label).toList(),
        plan.late().stream().filter(pending::contains).map(Changeset::label).toList(),
        interrupted.stream()
            .filter(path -> path.startsWith(Changelogs.LOCATION + "/" + name + "/"))
            .map(History::label)
            .sorted()
            .toList(),
        plan.edited().stream().filter(c -> c.module().equals(name)).map(Changeset::label).toList(),
        unknown,
        unknown.stream().filter(tolerated::contains).toList());
  }

  /// Everything that was ever done to the schema, in order.
  public List<HistoryEntry> history() {
    return look(session -> History.events(session.connection()));
  }

  /// Compares the live schema with what the changelogs make that are recorded as applied.
  ///
  /// @return every difference; empty when there is none
  public List<Difference> verify() {
    return look(session -> {
      List<Changeset> applied =
          History.read(session.connection()).stream().map(this::fileOf).toList();
      return new Verification(address, config, changelogs).compare(session.connection(), applied);
    });
  }

  /// Which changesets are proved.
  public sealed interface Proved {

    /// Those that the database does not have yet.
    record Pending() implements Proved {}

    /// All there are.
    record All() implements Proved {}

    /// One.
    ///
    /// @param file its path; the last two parts of it, `module/NNN_name.sql`, say which
    record One(Path file) implements Proved {}
  }

  /// Runs changesets up, down and up again on a scratch database, and looks whether anything is not
  /// as it was.
  ///
  /// @param module only of this one; `null` is every enabled one
  /// @param listener told of each proof when it is done
  /// @throws SchemaException when there is no scratch database to be had, or no such changeset
  public List<RollbackProof> prove(
      Proved proved, @Nullable String module, Consumer<RollbackProof> listener) {
    if (module != null) {
      requireEnabled(module);
    }
    List<Changeset> all = changesets();
    List<Changeset> chosen =
        switch (proved) {
          case Proved.All() -> all;
          case Proved.One(Path file) -> List.of(fileAt(file));
          case Proved.Pending() ->
              look(session -> Plan.of(all, History.read(session.connection())).pending());
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
      throw SqlProblem.running(server, "proving rollbacks", null, e);
    }
  }

  /// Runs a changeset without a rollback on a scratch database, and writes the statements that undo
  /// it into its file.
  ///
  /// @param file as in [Proved.One]
  /// @throws SchemaException when it has a rollback, is applied, or does not go up
  public DerivedRollback deriveRollback(Path file) {
    Changeset changeset = fileAt(file);
    if (changeset.down() != null) {
      throw new SchemaException(
          changeset.file().shortPath() + " has a rollback",
          "see whether it holds: sheaf migrate prove " + file);
    }
    look(session -> {
      if (History.read(session.connection()).stream()
          .anyMatch(row -> row.path().equals(changeset.file().path()))) {
        throw new SchemaException(
            changeset.file().shortPath() + " is applied at " + address,
            "an applied changelog is not edited");
      }
      return changeset;
    });
    DatabaseAddress server = scratchServer();
    try {
      return RollbackDerivation.derive(server, config, changesets(), changeset, file);
    } catch (SQLException e) {
      throw SqlProblem.running(server, "deriving a rollback", null, e);
    }
  }

  /// What the schema that the changelogs make lacks for the application's own entities.
  public EntityComparison compareEntities() {
    return compareEntities(EntityClasses.bundled());
  }

  EntityComparison compareEntities(Collection<Class<?>> entities) {
    try {
      return EntityComparison.of(scratchServer(), config, changesets(), entities);
    } catch (SQLException e) {
      throw SqlProblem.running(scratchServer(), "comparing the entities", null, e);
    }
  }

  private DatabaseAddress scratchServer() {
    return config.scratchUrl().map(DatabaseAddress::parse).orElse(address);
  }

  private Changeset fileAt(Path file) {
    return changesets().stream()
        .filter(changeset -> file.toAbsolutePath().endsWith(changeset.file().shortPath()))
        .findFirst()
        .orElseThrow(() ->
            new SchemaException(
                "no enabled module has the changelog " + file,
                "give its path in " + changelogs.origin() + ", and enable its module"));
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
      List<History.Applied> applied = applied(session, module);
      List<History.Applied> rows = applied.reversed().subList(0, Math.min(count, applied.size()));
      return rollbacksOf(session, rows, new MigrationListener() {}).stream()
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
  /// @throws SchemaException when this application cannot work with the schema
  void requireHead() {
    look(session -> {
      fit.require(session.connection(), fingerprint, this::changesets);
      return true;
    });
  }

  /// Waits until this application can work with the schema: until somebody else has migrated it, or
  /// taken back what is too new, or the server is there at all.
  ///
  /// @param listener is told why, each time that the reason changes
  /// @throws SchemaException when it still cannot after `patience`
  public void awaitFit(Duration patience, MigrationListener listener) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    for (String reason = ""; ; Thread.sleep(POLL)) {
      try {
        requireHead();
        return;
      } catch (SchemaException e) {
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
  SchemaState.Verdict judge(Connection connection) throws SQLException {
    try {
      fit.require(connection, fingerprint, this::changesets);
      return new SchemaState.Verdict(true, "");
    } catch (SchemaException e) {
      return new SchemaState.Verdict(false, e.problem());
    }
  }

  /// The enabled changesets, parsed, in the order they are applied.
  List<Changeset> changesets() {
    if (parsed == null) {
      parsed = modules.enabled().stream().flatMap(module -> changesetsOf(module).stream()).toList();
    }
    return parsed;
  }

  private List<Changeset> changesetsOf(String module) {
    Map<Integer, ChangelogFile> numbers = new LinkedHashMap<>();
    for (ChangelogFile file : changelogs.files().getOrDefault(module, List.of())) {
      ChangelogFile other = numbers.put(file.number(), file);
      if (other != null) {
        throw new SchemaException(
            other.shortPath() + " and " + file.shortPath() + " have the same number",
            "give the one that was not released yet the next free number");
      }
    }
    return numbers.values().stream().map(changelogs::changeset).toList();
  }

  private List<History.Applied> applied(SchemaSession session, String module) throws SQLException {
    return History.read(session.connection()).stream()
        .filter(row -> row.module().equals(module))
        .toList();
  }

  /// What takes a row of the history back: its file, or what the database keeps of it where this
  /// application has no such file.
  private Changeset rollbackOf(
      SchemaSession session, History.Applied row, MigrationListener listener) throws SQLException {
    if (file(row).isPresent()) {
      return fileOf(row);
    }
    Changeset stored =
        StoredRollback.find(session.connection(), row.path()).orElseThrow(() -> fileMissing(row));
    listener.note(
        row.label() + " is not known here; the rollback that was stored with it is what runs");
    return stored;
  }

  private Optional<ChangelogFile> file(History.Applied row) {
    return changelogs.files().getOrDefault(row.module(), List.of()).stream()
        .filter(file -> file.path().equals(row.path()))
        .findFirst();
  }

  private SchemaException fileMissing(History.Applied row) {
    return new SchemaException(
        row.shortPath() + " is applied, and there is no such file in " + changelogs.origin(),
        "use the version of the application that has it");
  }

  /// The file behind a row of the history, which must still say what was applied.
  private Changeset fileOf(History.Applied row) {
    Changeset changeset = file(row).map(changelogs::changeset).orElseThrow(() -> fileMissing(row));
    if (row.checksum() != null && !row.checksum().equals(changeset.checksum())) {
      throw Fit.edited(changeset);
    }
    return changeset;
  }

  private void requireEnabled(String module) {
    if (!modules.known().contains(module)) {
      throw new SchemaException(
          "there is no module " + module, "there are: " + String.join(", ", modules.known()));
    }
    if (!modules.enabled().contains(module)) {
      throw new SchemaException(
          "module " + module + " is off", "set " + Modules.enabling(module) + "=true");
    }
  }

  private void requireVersion(String module, int version) {
    requireEnabled(module);
    List<Integer> numbers =
        changelogs.files().getOrDefault(module, List.of()).stream()
            .map(ChangelogFile::number)
            .toList();
    if (version != 0 && !numbers.contains(version)) {
      throw new SchemaException(
          "module " + module + " has no version " + version, "it has 0 to " + numbers.getLast());
    }
  }

  private void requireApproval(String verb, Approval approval) {
    if (production && (approval.by() == null || approval.by().isBlank())) {
      throw new SchemaException(
          verb + " is refused: this is a production database",
          "name who decided it with --approved-by");
    }
  }

  private void requireBackup(SchemaSession session, List<Changeset> chosen) throws SQLException {
    for (Changeset changeset : chosen) {
      requireBackup(session, changeset.file().shortPath(), changeset.directives().destructive());
    }
  }

  /// In production nothing is destroyed that could not be had back.
  ///
  /// @param loss what `what` destroys; `null` when nothing
  private void requireBackup(SchemaSession session, String what, @Nullable String loss)
      throws SQLException {
    if (production
        && loss != null
        && !History.hasVerifiedBackup(session.connection(), config.backupMaxAge())) {
      throw new SchemaException(
          "%s destroys data (%s), and no verified backup younger than %s is on record"
              .formatted(what, loss, Durations.text(config.backupMaxAge())),
          "take one: sheaf backup FILE, then sheaf backup verify FILE");
    }
  }

  /// Work on a session that may fail in SQL.
  private interface Look<T> {
    T at(SchemaSession session) throws SQLException;
  }

  private interface Change {
    void make(SchemaSession session, Collected collected) throws SQLException;
  }

  private <T> T look(Look<T> look) {
    try (SchemaSession session = SchemaSession.open(address, config)) {
      return look.at(session);
    } catch (SQLException e) {
      throw SqlProblem.running(address, "looking at the schema", null, e);
    }
  }

  private MigrationResult locked(MigrationListener listener, Change change) {
    return collect(
        listener,
        (session, collected) -> {
          try (SchemaLock _ = session.lock(collected, () -> false).orElseThrow()) {
            History.prepare(session.connection());
            change.make(session, collected);
          }
        });
  }

  private MigrationResult collect(MigrationListener listener, Change change) {
    Collected collected = new Collected(listener);
    try (SchemaSession session = SchemaSession.open(address, config)) {
      change.make(session, collected);
    } catch (SchemaException e) {
      collected.problems.add(e);
    } catch (SQLException e) {
      collected.problems.add(SqlProblem.running(address, "changing the schema", null, e));
    }
    return collected.result();
  }
}
