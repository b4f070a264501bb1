package dev.sheaf.schema;

import dev.sheaf.schema.MigrationListener.Direction;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Every verb that looks at or changes the schema of one database. The start of the service, the
/// commands and the HTTP resource all come through here.
public final class Migrations {

  private static final Pattern CREATE_EXTENSION =
      Pattern.compile(
          "\\bCREATE\\s+EXTENSION\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?\"?(\\w+)",
          Pattern.CASE_INSENSITIVE);

  private final DatabaseAddress address;
  private final SchemaConfig config;
  private final Changelogs changelogs;
  private final Modules modules;
  private final String fingerprint;

  Migrations(DatabaseAddress address, SchemaConfig config, Changelogs changelogs, Modules modules) {
    this.address = address;
    this.config = config;
    this.changelogs = changelogs;
    this.modules = modules;
    this.fingerprint = changelogs.fingerprint(modules.enabled());
  }

  /// The engine for one database, with the changelogs that `config` names and the modules that are
  /// on.
  ///
  /// @throws SchemaException when changelogs or modules are not as they should be
  public static Migrations of(DatabaseAddress address, SchemaConfig config, ModulesConfig modules) {
    Changelogs changelogs = config.root().map(Changelogs::in).orElseGet(Changelogs::bundled);
    return new Migrations(address, config, changelogs, Modules.of(changelogs, modules));
  }

  public Modules modules() {
    return modules;
  }

  /// SHA-256 of the enabled changelogs.
  public String fingerprint() {
    return fingerprint;
  }

  /// Applies what is pending. At head this is one `SELECT`; nothing is parsed and nothing is
  /// locked.
  public MigrationResult up(MigrationListener listener) {
    Collected collected = new Collected(listener);
    try (SchemaSession session = SchemaSession.open(address, config)) {
      up(session, collected);
    } catch (SchemaException e) {
      collected.problems.add(e);
    } catch (SQLException e) {
      collected.problems.add(SqlProblem.running(address, "looking at the schema", null, e));
    }
    return collected.result();
  }

  private void up(SchemaSession session, Collected collected) throws SQLException {
    Optional<SchemaLock> lock =
        session.lock(collected, () -> History.isAtHead(session.connection(), fingerprint));
    if (lock.isEmpty()) {
      return;
    }
    try (SchemaLock _ = lock.get()) {
      // The one who held the lock may just have done it all.
      if (History.isAtHead(session.connection(), fingerprint)) {
        return;
      }
      History.prepare(session.connection());
      Plan plan = Plan.of(changesets(), History.read(session.connection()));
      refuse(plan);
      refuseMissingExtensions(session, plan.pending());
      ChangesetRunner runner =
          new ChangesetRunner(session.connection(), address, config, collected, null);
      for (Changeset changeset : plan.pending()) {
        if (plan.late().contains(changeset)) {
          collected.note(
              changeset.label()
                  + " came late: higher-numbered changesets of its module were applied before it");
        }
        collected.executed.add(runner.run(changeset, Direction.UP));
      }
      History.recordHead(session.connection(), fingerprint);
    }
  }

  /// Looks, and changes nothing.
  ///
  /// @throws SchemaException when the schema is not at head
  void requireHead() {
    try (SchemaSession session = SchemaSession.open(address, config)) {
      if (History.isAtHead(session.connection(), fingerprint)) {
        return;
      }
      SchemaState.Verdict verdict = judge(session.connection());
      if (!verdict.fits()) {
        throw new SchemaException(verdict.reason(), "run: sheaf migrate up");
      }
    } catch (SQLException e) {
      throw SqlProblem.running(address, "looking at the schema", null, e);
    }
  }

  /// Whether this application can work with the schema that `connection` sees.
  SchemaState.Verdict judge(Connection connection) throws SQLException {
    if (History.isAtHead(connection, fingerprint)) {
      return new SchemaState.Verdict(true, "");
    }
    Plan plan = Plan.of(changesets(), History.read(connection));
    if (!plan.pending().isEmpty()) {
      return new SchemaState.Verdict(
          false,
          missing(plan.pending().size()) + ", the first is " + plan.pending().getFirst().label());
    }
    try {
      refuse(plan);
      return new SchemaState.Verdict(true, "");
    } catch (SchemaException e) {
      return new SchemaState.Verdict(false, e.problem());
    }
  }

  private static String missing(int changesets) {
    return changesets == 1 ? "1 changeset is missing" : changesets + " changesets are missing";
  }

  /// The enabled changesets, parsed, in the order they are applied.
  List<Changeset> changesets() {
    return modules.enabled().stream()
        .flatMap(module -> changelogs.files().getOrDefault(module, List.of()).stream())
        .map(ChangesetParser::parse)
        .toList();
  }

  private void refuse(Plan plan) {
    if (!plan.edited().isEmpty()) {
      Changeset edited = plan.edited().getFirst();
      throw new SchemaException(
          edited.file().shortPath() + " was applied already and says something else now",
          "put it back as it was, and write the change as a new changeset");
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

  /// Said before anything is changed, where the failing statement would say it in the middle.
  private void refuseMissingExtensions(SchemaSession session, List<Changeset> pending)
      throws SQLException {
    Set<String> wanted = new TreeSet<>();
    for (Changeset changeset : pending) {
      for (String sql : changeset.up()) {
        Matcher matcher = CREATE_EXTENSION.matcher(sql);
        while (matcher.find()) {
          wanted.add(matcher.group(1));
        }
      }
    }
    if (wanted.isEmpty()) {
      return;
    }
    String sql =
        """
        SELECT extension, current_setting('server_version'), current_setting('server_version_num')::int / 10000
          FROM unnest(?::text[]) AS extension
         WHERE extension NOT IN (SELECT name FROM pg_available_extensions)
         ORDER BY extension
        """;
    try (PreparedStatement select = session.connection().prepareStatement(sql)) {
      select.setArray(1, session.connection().createArrayOf("text", wanted.toArray()));
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          throw PostgresServer.missingExtension(
              address, row.getString(2).replaceFirst(" .*", ""), row.getInt(3), row.getString(1));
        }
      }
    }
  }

  /// Passes on what happens, and keeps it for the result.
  private static final class Collected implements MigrationListener {
    private final MigrationListener listener;
    private final long begun = System.nanoTime();
    private final List<MigrationResult.Executed> executed = new ArrayList<>();
    private final List<SchemaException> problems = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    Collected(MigrationListener listener) {
      this.listener = listener;
    }

    MigrationResult result() {
      return new MigrationResult(
          executed, problems, notes, Duration.ofNanos(System.nanoTime() - begun));
    }

    @Override
    public void waiting(String holder) {
      listener.waiting(holder);
    }

    @Override
    public void started(String changeset, Direction direction) {
      listener.started(changeset, direction);
    }

    @Override
    public void finished(String changeset, Direction direction, Duration took) {
      listener.finished(changeset, direction, took);
    }

    @Override
    public void retrying(String changeset, int attempt, Duration pause, String why) {
      listener.retrying(changeset, attempt, pause, why);
    }

    @Override
    public void note(String text) {
      notes.add(text);
      listener.note(text);
    }
  }
}
