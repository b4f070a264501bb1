package dev.sheaf.schema;

import dev.sheaf.schema.MigrationListener.Direction;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
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

  private final DatabaseAddress address;
  private final SchemaConfig config;
  private final Changelogs changelogs;
  private final Modules modules;
  private final boolean production;
  private final String fingerprint;

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
          Optional<SchemaLock> lock = session.lock(collected, () -> isAtHead(session));
          if (lock.isEmpty()) {
            return;
          }
          try (SchemaLock _ = lock.get()) {
            // The one who held the lock may just have done it all.
            if (!isAtHead(session)) {
              applyPending(session, reach, approval, collected);
            }
          }
        });
  }

  private boolean isAtHead(SchemaSession session) throws SQLException {
    return History.isAtHead(session.connection(), fingerprint);
  }

  private void applyPending(
      SchemaSession session, Reach reach, Approval approval, Collected collected)
      throws SQLException {
    if (reach.module() != null) {
      requireEnabled(reach.module());
    }
    History.prepare(session.connection());
    ChangesetRunner runner =
        new ChangesetRunner(session.connection(), address, config, collected, approval);
    finishRollbacks(session, runner, collected);
    Plan plan = Plan.of(changesets(), History.read(session.connection()));
    refuse(plan);
    List<Changeset> chosen =
        plan.pending().stream()
            .filter(pending -> reach.includes(pending.module(), pending.number()))
            .toList();
    requireBackup(session, chosen);
    Extensions.requireAvailable(session.connection(), address, chosen);
    for (Changeset changeset : chosen) {
      if (plan.late().contains(changeset)) {
        collected.note(
            changeset.label()
                + " came late: higher-numbered changesets of its module were applied before it");
      }
      collected.executed.add(runner.run(changeset, Direction.UP));
    }
    if (chosen.size() == plan.pending().size()) {
      History.recordHead(session.connection(), fingerprint);
    }
  }

  /// A rollback that was interrupted half-way is neither here nor there. It is brought to its end;
  /// what it undid is pending then, like anything else.
  private void finishRollbacks(SchemaSession session, ChangesetRunner runner, Collected collected)
      throws SQLException {
    Map<String, Direction> interrupted = History.interrupted(session.connection());
    for (History.Applied row : History.read(session.connection()).reversed()) {
      if (interrupted.get(row.path()) == Direction.DOWN) {
        collected.note(row.label() + ": an interrupted rollback is finished first");
        collected.executed.add(runner.run(fileOf(row), Direction.DOWN));
      }
    }
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
          rollBack(session, applied.reversed().subList(0, count), approval, collected);
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
          if (!above.isEmpty()) {
            requireApproval("down", approval);
            rollBack(session, above, approval, collected);
          }
          applyPending(session, new Reach(module, version), approval, collected);
        });
  }

  private void rollBack(
      SchemaSession session, List<History.Applied> rows, Approval approval, Collected collected) {
    List<Changeset> undone = rows.stream().map(this::fileOf).toList();
    ChangesetRunner runner =
        new ChangesetRunner(session.connection(), address, config, collected, approval);
    for (Changeset changeset : undone) {
      collected.executed.add(runner.run(changeset, Direction.DOWN));
    }
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
          transaction(
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
          transaction(
              connection,
              () -> {
                for (Changeset changeset : all) {
                  History.add(connection, changeset, "baseline");
                  History.event(
                      connection,
                      new History.Event("baseline", changeset.file().path(), null, approval));
                  collected.recorded(changeset.label(), Direction.UP);
                }
                History.recordHead(connection, fingerprint);
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
          rollBack(session, History.read(session.connection()).reversed(), approval, collected);
          History.forget(session.connection());
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
      boolean atHead = isAtHead(session);
      // At head nothing has to be parsed to know that every file is applied as it stands.
      Plan plan = atHead ? Plan.settled(history, modules) : Plan.of(changesets(), history);
      Map<String, Direction> interrupted = History.interrupted(connection);
      Set<String> names = new LinkedHashSet<>(modules.enabled());
      names.addAll(modules.known());
      history.forEach(row -> names.add(row.module()));
      List<SchemaStatus.Module> all =
          names.stream().map(name -> status(name, plan, history, interrupted.keySet())).toList();
      boolean settled = atHead || (plan.atHead() && !interrupted.containsValue(Direction.DOWN));
      return new SchemaStatus(address.toString(), settled, all, lock);
    });
  }

  private SchemaStatus.Module status(
      String name, Plan plan, List<History.Applied> history, Set<String> interrupted) {
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
        plan.late().stream().filter(pending::contains).map(Changeset::label).toList(),
        interrupted.stream()
            .filter(path -> path.startsWith(Changelogs.LOCATION + "/" + name + "/"))
            .map(History::label)
            .sorted()
            .toList(),
        plan.edited().stream().filter(c -> c.module().equals(name)).map(Changeset::label).toList(),
        plan.unknown().stream()
            .filter(row -> row.module().equals(name))
            .map(History.Applied::label)
            .toList());
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
        Plan.of(changesets(), History.read(session.connection())).pending().stream()
            .filter(pending -> reach.includes(pending.module(), pending.number()))
            .map(pending -> new Script(pending.label(), pending.transactional(), pending.up()))
            .toList());
  }

  /// The SQL that [#down] would run, without running it.
  public List<Script> scriptDown(String module, int count) {
    return look(session -> {
      List<History.Applied> applied = applied(session, module);
      return applied.reversed().subList(0, Math.min(count, applied.size())).stream()
          .map(this::fileOf)
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
  /// @throws SchemaException when the schema is not at head
  void requireHead() {
    SchemaState.Verdict verdict = look(session -> judge(session.connection()));
    if (!verdict.fits()) {
      throw new SchemaException(verdict.reason(), "run: sheaf migrate up");
    }
  }

  /// Whether this application can work with the schema that `connection` sees.
  SchemaState.Verdict judge(Connection connection) throws SQLException {
    if (History.isAtHead(connection, fingerprint)) {
      return new SchemaState.Verdict(true, "");
    }
    List<History.Applied> history = History.read(connection);
    if (history.isEmpty()) {
      return new SchemaState.Verdict(false, "the database has no schema yet");
    }
    Plan plan = Plan.of(changesets(), history);
    if (!plan.pending().isEmpty()) {
      int count = plan.pending().size();
      return new SchemaState.Verdict(
          false,
          (count == 1 ? "1 changeset is missing" : count + " changesets are missing")
              + ", the first is "
              + plan.pending().getFirst().label());
    }
    Map<String, Direction> interrupted = History.interrupted(connection);
    for (Changeset changeset : plan.applied()) {
      if (interrupted.containsKey(changeset.file().path())) {
        return new SchemaState.Verdict(
            false, "the rollback of " + changeset.label() + " was interrupted");
      }
    }
    try {
      refuse(plan);
      return new SchemaState.Verdict(true, "");
    } catch (SchemaException e) {
      return new SchemaState.Verdict(false, e.problem());
    }
  }

  /// The enabled changesets, parsed, in the order they are applied.
  List<Changeset> changesets() {
    return modules.enabled().stream().flatMap(module -> changesetsOf(module).stream()).toList();
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
    return numbers.values().stream().map(ChangesetParser::parse).toList();
  }

  private List<History.Applied> applied(SchemaSession session, String module) throws SQLException {
    return History.read(session.connection()).stream()
        .filter(row -> row.module().equals(module))
        .toList();
  }

  /// The file behind a row of the history, which must still say what was applied.
  private Changeset fileOf(History.Applied row) {
    Changeset changeset =
        changelogs.files().getOrDefault(row.module(), List.of()).stream()
            .filter(file -> file.path().equals(row.path()))
            .findFirst()
            .map(ChangesetParser::parse)
            .orElseThrow(() ->
                new SchemaException(
                    row.shortPath()
                        + " is applied, and there is no such file in "
                        + changelogs.origin(),
                    "use the version of the application that has it"));
    if (row.checksum() != null && !row.checksum().equals(changeset.checksum())) {
      throw edited(changeset);
    }
    return changeset;
  }

  private void refuse(Plan plan) {
    if (!plan.edited().isEmpty()) {
      throw edited(plan.edited().getFirst());
    }
    if (!plan.unknown().isEmpty()) {
      throw new SchemaException(
          "the database is newer than this application: it knows "
              + String.join(", ", plan.unknown().stream().map(History.Applied::shortPath).toList()),
          "start the newer application, or roll the database back with it");
    }
    for (Changeset late : plan.late()) {
      if (config.outOfOrder() == SchemaConfig.OutOfOrder.REFUSE
          || late.directives().lateRefused()) {
        throw new SchemaException(
            late.file().shortPath()
                + " comes late: higher-numbered changesets of its module are applied",
            "give it the next number, or set sheaf.schema.out-of-order=apply");
      }
    }
  }

  private static SchemaException edited(Changeset changeset) {
    return new SchemaException(
        changeset.file().shortPath() + " was applied already and says something else now",
        "put it back as it was, and write the change as a new changeset");
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

  /// In production nothing is destroyed that could not be had back.
  private void requireBackup(SchemaSession session, List<Changeset> chosen) throws SQLException {
    Optional<Changeset> destructive =
        chosen.stream()
            .filter(changeset -> changeset.directives().destructive() != null)
            .findFirst();
    if (production
        && destructive.isPresent()
        && !History.hasVerifiedBackup(session.connection(), config.backupMaxAge())) {
      throw new SchemaException(
          "%s destroys data (%s), and no verified backup younger than %s is on record"
              .formatted(
                  destructive.get().file().shortPath(),
                  destructive.get().directives().destructive(),
                  Durations.text(config.backupMaxAge())),
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

  private interface Steps {
    void run() throws SQLException;
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

  private static void transaction(Connection connection, Steps steps) throws SQLException {
    connection.setAutoCommit(false);
    try {
      steps.run();
      connection.commit();
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }
}
