package dev.sheaf.migration.execute;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.StoredRollback;
import dev.sheaf.runtime.Backoff;
import dev.sheaf.runtime.Hashes;
import dev.sheaf.runtime.OperatorException;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Runs changesets, one at a time, up or down, in a [ChangesetSession].
///
/// A transactional changeset and its record are one transaction of that session. The others are
/// journalled statement by statement on the engine's connection, so that the next run knows what a
/// crash interrupted.
public final class ChangesetRunner {

  /// The engine's connection.
  private final Connection engine;

  private final ChangesetSession session;
  private final DatabaseAddress address;
  private final MigrationConfig config;
  private final MigrationListener listener;
  private final Approval approval;
  private final DataLossGuard guard;
  private final String deployment;
  private final boolean scratch;

  /// Creates a runner.
  ///
  /// @param engine the connection for the engine's tables, which changesets do not use
  /// @param session the session in which changesets run
  /// @param approval who approved the change, in production
  /// @param guard decides whether a changeset may drop data
  public ChangesetRunner(
      Connection engine,
      ChangesetSession session,
      DatabaseAddress address,
      MigrationConfig config,
      MigrationListener listener,
      Approval approval,
      DataLossGuard guard) {
    this(engine, session, address, config, listener, approval, guard, false);
  }

  private ChangesetRunner(
      Connection engine,
      ChangesetSession session,
      DatabaseAddress address,
      MigrationConfig config,
      MigrationListener listener,
      Approval approval,
      DataLossGuard guard,
      boolean scratch) {
    this.scratch = scratch;
    this.guard = guard;
    this.engine = engine;
    this.session = session;
    this.address = address;
    this.config = config;
    this.listener = listener;
    this.approval = approval;
    // Liquibase's own form: the last ten digits of the clock, the same for all that ran together.
    String clock = Long.toString(System.currentTimeMillis());
    this.deployment = clock.substring(clock.length() - 10);
  }

  /// A runner for a scratch database. It skips statements that change the whole server.
  public static ChangesetRunner onScratch(
      Connection engine,
      ChangesetSession session,
      DatabaseAddress address,
      MigrationConfig config) {
    return new ChangesetRunner(
        engine,
        session,
        address,
        config,
        new MigrationListener() {},
        Approval.NONE,
        DataLossGuard.NONE,
        true);
  }

  /// Runs `changeset` in one direction and records it.
  ///
  /// @throws OperatorException if it fails; a transactional changeset leaves nothing behind
  public MigrationResult.Executed run(Changeset changeset, Direction direction) {
    return run(changeset, direction, false, Set.of());
  }

  /// Applies repeatable changesets in one transaction: in their order, but each after those that it
  /// uses. One that fails is tried again after the others.
  ///
  /// @param drops what is rolled back first, likewise
  /// @param lenient whether those that fail are left out
  /// @param done takes each, once the transaction is committed
  /// @return why the others fail; empty if there are none
  /// @throws OperatorException if one fails and `lenient` is not set; nothing is changed
  public Map<Changeset, OperatorException> repeat(
      List<Changeset> drops,
      List<Changeset> changesets,
      boolean lenient,
      Consumer<MigrationResult.Executed> done) {
    for (int attempt = 1; ; attempt++) {
      List<MigrationResult.Executed> executed = new ArrayList<>();
      try {
        session.begin();
        Map<Changeset, OperatorException> failures =
            Transactions.call(
                session.connection(), _ -> repeatOnce(drops, changesets, lenient, executed::add));
        for (MigrationResult.Executed one : executed) {
          listener.finished(one.changeset(), one.direction(), one.took());
          done.accept(one);
        }
        return failures;
      } catch (SQLException e) {
        pause("repeatable changesets", attempt, "the repeatable changesets", null, "", e);
      }
    }
  }

  private Map<Changeset, OperatorException> repeatOnce(
      List<Changeset> drops,
      List<Changeset> changesets,
      boolean lenient,
      Consumer<MigrationResult.Executed> done)
      throws SQLException {
    try (Statement statement = session.connection().createStatement()) {
      statement.setEscapeProcessing(false);
      requireNone(inAnyOrder(statement, drops, Direction.DOWN, done));
      Map<Changeset, OperatorException> failures =
          inAnyOrder(statement, changesets, Direction.UP, done);
      if (!lenient) {
        requireNone(failures);
      }
      return failures;
    }
  }

  private static void requireNone(Map<Changeset, OperatorException> failures) {
    if (!failures.isEmpty()) {
      throw failures.values().stream()
          .filter(failure -> !isAboutMissing(failure))
          .findFirst()
          .orElseGet(() -> failures.values().iterator().next());
    }
  }

  private Map<Changeset, OperatorException> inAnyOrder(
      Statement statement,
      List<Changeset> changesets,
      Direction direction,
      Consumer<MigrationResult.Executed> done)
      throws SQLException {
    Connection connection = session.connection();
    Map<Changeset, OperatorException> failures = new LinkedHashMap<>();
    List<Changeset> left = new ArrayList<>(changesets);
    int before;
    do {
      before = left.size();
      failures.clear();
      for (Changeset changeset : List.copyOf(left)) {
        Progress progress = new Progress();
        Savepoint savepoint = connection.setSavepoint();
        try {
          session.returnToRole();
          done.accept(once(statement, changeset, direction, progress));
          left.remove(changeset);
        } catch (SQLException e) {
          if (SqlStates.isTransient(e)) {
            throw e;
          }
          connection.rollback(savepoint);
          failures.put(
              changeset,
              SqlErrorMessage.running(address, file(changeset, direction), progress.sql(), e));
        }
      }
    } while (!left.isEmpty() && left.size() < before);
    return failures;
  }

  /// Whether an object does not exist, maybe because what creates it failed.
  private static boolean isAboutMissing(OperatorException e) {
    return e.getCause() instanceof SQLException cause && SqlStates.isMissingObject(cause);
  }

  private MigrationResult.Executed once(
      Statement statement, Changeset changeset, Direction direction, Progress progress)
      throws SQLException {
    long begun = System.nanoTime();
    inTransaction(
        statement,
        changeset,
        direction,
        direction == Direction.UP ? changeset.up() : Objects.requireNonNull(changeset.down()),
        begun,
        progress,
        false);
    return new MigrationResult.Executed(
        changeset.label(), direction, Duration.ofNanos(System.nanoTime() - begun));
  }

  /// Rolls `changeset` back. Statements on objects that do not exist are skipped.
  ///
  /// @throws OperatorException if it fails
  public MigrationResult.Executed undo(Changeset changeset) throws SQLException {
    Journal journal = Journal.read(engine, changeset.file().path());
    return run(
        changeset,
        Direction.DOWN,
        true,
        journal == null || journal.kept() == null ? Set.of() : journal.kept());
  }

  /// Rolls back a changeset that failed or was interrupted while it was applied. Statements of the
  /// rollback that drop objects which existed before the changeset are skipped.
  ///
  /// @throws OperatorException if it fails, or the journal does not tell which objects existed
  ///   before
  public MigrationResult.Executed undoInterrupted(Changeset changeset) throws SQLException {
    Journal journal = Objects.requireNonNull(Journal.read(engine, changeset.file().path()));
    int statements = Objects.requireNonNullElse(changeset.down(), List.<SqlStatement>of()).size();
    Set<Integer> kept;
    if (journal.kept() != null) {
      kept = journal.kept();
    } else if (journal.statement() == 0) {
      // Its first statement did not end, so there is nothing to take back.
      kept = IntStream.range(0, statements).boxed().collect(Collectors.toSet());
      clearRemnants(changeset, journal);
    } else {
      throw new OperatorException(
          "%s was interrupted in its statement %s, and its rollback may drop what it did not create"
              .formatted(changeset.label(), journal.statement() + 1),
          "finish it first: sheaf migrate up; or undo its statements by hand, then run sheaf migrate force");
    }
    return run(changeset, Direction.DOWN, true, kept);
  }

  private void clearRemnants(Changeset changeset, Journal journal) throws SQLException {
    if (changeset.up().isEmpty()) {
      return;
    }
    session.begin();
    try (Statement statement = session.connection().createStatement()) {
      for (String remnant :
          ConcurrentStep.of(changeset.up().getFirst())
              .remnants(session.connection(), journal.indexes())) {
        listener.note(changeset.label() + ": removed a remnant of an interrupted run: " + remnant);
        statement.execute(remnant);
      }
    }
  }

  private MigrationResult.Executed run(
      Changeset changeset, Direction direction, boolean leniently, Set<Integer> kept) {
    List<SqlStatement> statements =
        switch (direction) {
          case UP -> changeset.up();
          case DOWN -> {
            if (changeset.down() == null) {
              throw changeset.noRollback();
            }
            yield changeset.down();
          }
        };
    long begun = System.nanoTime();
    listener.started(changeset.label(), direction);
    String blockedBy = "";
    for (int attempt = 1; ; attempt++) {
      Progress progress = new Progress();
      ProgressWatch watch;
      try {
        session.begin();
        watch =
            ProgressWatch.start(
                session.connection(), address, changeset.label(), lockTimeout(changeset), listener);
      } catch (SQLException e) {
        throw SqlErrorMessage.running(address, file(changeset, direction), e);
      }
      try (watch) {
        if (changeset.transactional()) {
          inTransaction(changeset, direction, statements, begun, progress, leniently);
        } else {
          journalled(changeset, direction, statements, begun, progress, leniently, kept);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        listener.finished(changeset.label(), direction, took);
        return new MigrationResult.Executed(changeset.label(), direction, took);
      } catch (SQLException e) {
        blockedBy = watch.blockedBy().isEmpty() ? blockedBy : watch.blockedBy();
        pause(
            changeset.label(),
            attempt,
            file(changeset, direction),
            progress.sql(),
            SqlStates.isTimeout(e) ? blockedBy : "",
            e);
      }
    }
  }

  /// Waits before the next attempt.
  ///
  /// @param what was attempted, for the message of a failure
  /// @param blockedBy the sessions for which it waited; empty if none are known
  /// @throws OperatorException if there is none after this failure
  private void pause(
      String label,
      int attempt,
      String what,
      @Nullable String sql,
      String blockedBy,
      SQLException e) {
    if (!SqlStates.isTransient(e) || attempt > config.retries()) {
      throw withBlocking(SqlErrorMessage.running(address, what, sql, e), blockedBy);
    }
    Duration pause =
        Backoff.jittered(new Backoff(config.backoff(), config.backoffLimit()).pause(attempt));
    String why = SqlErrorMessage.message(e);
    listener.retrying(
        label, attempt, pause, blockedBy.isEmpty() ? why : why + ", blocked by " + blockedBy);
    sleep(pause);
  }

  private static OperatorException withBlocking(OperatorException failure, String blockedBy) {
    return blockedBy.isEmpty()
        ? failure
        : new OperatorException(
            failure.problem() + ", blocked by " + blockedBy,
            "wait until it ends, or end it with pg_terminate_backend, then run it again",
            failure.getCause());
  }

  /// The file that the statements stand in.
  private static String file(Changeset changeset, Direction direction) {
    ChangelogFile rollback = changeset.file().rollback();
    return direction == Direction.DOWN && rollback != null
        ? rollback.shortPath()
        : changeset.file().shortPath();
  }

  /// The current statement, for error messages.
  private static final class Progress {
    @Nullable SqlStatement statement;

    @Nullable String sql() {
      return statement == null ? null : statement.sql();
    }
  }

  private void inTransaction(
      Changeset changeset,
      Direction direction,
      List<SqlStatement> statements,
      long begun,
      Progress progress,
      boolean leniently)
      throws SQLException {
    try (Statement statement = session.connection().createStatement()) {
      statement.setEscapeProcessing(false);
      Transactions.run(
          session.connection(),
          _ ->
              inTransaction(
                  statement, changeset, direction, statements, begun, progress, leniently));
    }
  }

  /// Runs a changeset and records it, in the transaction of the session.
  private void inTransaction(
      Statement statement,
      Changeset changeset,
      Direction direction,
      List<SqlStatement> statements,
      long begun,
      Progress progress,
      boolean leniently)
      throws SQLException {
    @Nullable StoredColumns stored =
        guard.isRequired(engine, changeset, direction) ? StoredColumns.read(engine) : null;
    statement.execute(
        timeouts("LOCAL", changeset, config.lockTimeout(), config.statementTimeout()));
    strikeBackfill(session.connection(), changeset, direction);
    for (SqlStatement sql : statements) {
      progress.statement = sql;
      execute(statement, changeset, sql, leniently);
    }
    progress.statement = null;
    if (direction == Direction.UP && !scratch) {
      requireValidBackfill(changeset);
    }
    // Deferred triggers and constraints belong to the changeset: its settings and its role.
    statement.execute("SET CONSTRAINTS ALL IMMEDIATE");
    session.returnToEngine();
    if (stored != null) {
      Optional<String> loss = stored.dropped(session.connection(), engine);
      if (loss.isPresent()) {
        guard.dropped(engine, changeset, direction, loss.get());
      }
    }
    record(session.connection(), changeset, direction, begun);
    // Of an attempt outside of a transaction, before its file was modified.
    Journal.end(session.connection(), changeset);
  }

  /// Before the transaction ends, so that nothing is left of a changeset whose backfill cannot run.
  private void requireValidBackfill(Changeset changeset) throws SQLException {
    Optional<BackfillDeclaration> backfill = changeset.backfill();
    if (backfill.isPresent()) {
      session.returnToRole();
      BackfillCheck.requireValid(session.connection(), backfill.get());
    }
  }

  private void journalled(
      Changeset changeset,
      Direction direction,
      List<SqlStatement> statements,
      long begun,
      Progress progress,
      boolean leniently,
      Set<Integer> kept)
      throws SQLException {
    Connection connection = session.connection();
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      strikeBackfill(engine, changeset, direction);
      if (direction == Direction.UP) {
        // Whoever finds it half-done may not have its file.
        StoredRollback.store(engine, changeset);
      }
      Journal journal = Journal.begin(engine, connection, changeset, direction);
      resumeSession(changeset, statements, journal, statement, progress);
      MessageDigest digest = Hashes.sha256();
      completed(journal, statements).forEach(sql -> sql.update(digest));
      for (int i = journal.statement(); i < statements.size(); i++) {
        SqlStatement sql = statements.get(i);
        String completed = Hashes.soFar(digest);
        sql.update(digest);
        if (kept.contains(i)) {
          listener.note(
              changeset.label() + ": kept, because it existed before: " + sql.firstLine());
          continue;
        }
        progress.statement = sql;
        ConcurrentStep step = ConcurrentStep.of(sql);
        Duration lockTimeout = step.waitsHarmlessly() ? Duration.ZERO : config.lockTimeout();
        // An index over a large table takes as long as it takes.
        statement.execute(timeouts("SESSION", changeset, lockTimeout, Duration.ZERO));
        boolean resumed = journal.resumed() && i == journal.statement();
        @Nullable List<Long> before = resumed ? journal.indexes() : step.indexes(connection);
        Journal.at(engine, changeset, i, completed, before);
        for (String remnant : step.remnants(connection, before)) {
          listener.note(
              changeset.label() + ": removed a remnant of an interrupted run: " + remnant);
          statement.execute(remnant);
        }
        if (resumed && step.isDone(connection, before)) {
          continue;
        }
        try {
          execute(statement, changeset, sql, leniently);
        } catch (SQLException e) {
          clearRemnants(statement, step, before, e);
          throw e;
        }
        requireValid(changeset, step, before);
      }
      progress.statement = null;
      Transactions.run(
          engine,
          _ -> {
            record(engine, changeset, direction, begun);
            Journal.end(engine, changeset);
          });
    }
  }

  /// Brings the session of a resumed changeset into the state in which the interrupted statement
  /// found it.
  ///
  /// @throws OperatorException if that is not possible
  private void resumeSession(
      Changeset changeset,
      List<SqlStatement> statements,
      Journal journal,
      Statement statement,
      Progress progress)
      throws SQLException {
    List<SqlStatement> completed = completed(journal, statements);
    if (journal.isModified(completed)) {
      throw notResumable(
          changeset, journal, "the statements before it were modified", "restore them");
    }
    if (completed.stream().anyMatch(SqlStatement::isTemporary)) {
      throw notResumable(
          changeset,
          journal,
          "what the statements before it created in their session is gone",
          "finish it by hand, then run sheaf migrate force");
    }
    for (SqlStatement sql : completed) {
      if (sql.setsSession()) {
        progress.statement = sql;
        statement.execute(timeouts("SESSION", changeset, config.lockTimeout(), Duration.ZERO));
        execute(statement, changeset, sql, false);
      }
    }
  }

  /// The statements before the interrupted one. The file may have fewer now.
  private static List<SqlStatement> completed(Journal journal, List<SqlStatement> statements) {
    return statements.subList(0, Math.min(journal.statement(), statements.size()));
  }

  private static OperatorException notResumable(
      Changeset changeset, Journal journal, String why, String wayOut) {
    return new OperatorException(
        "%s was interrupted in its statement %s, and %s"
            .formatted(changeset.label(), journal.statement() + 1, why),
        wayOut + "; or take it back: sheaf migrate down --module " + changeset.module());
  }

  private void execute(
      Statement statement, Changeset changeset, SqlStatement sql, boolean leniently)
      throws SQLException {
    if (scratch && sql.isClusterWide()) {
      return;
    }
    Connection connection = session.connection();
    @Nullable Savepoint before =
        leniently && changeset.transactional() ? connection.setSavepoint() : null;
    try {
      sql.execute(statement);
      for (SQLWarning said = statement.getWarnings(); said != null; said = said.getNextWarning()) {
        if (SqlStates.of(said).startsWith(SqlStates.WARNING_CLASS)) {
          listener.note(changeset.label() + ": " + SqlErrorMessage.message(said));
        }
      }
      statement.clearWarnings();
      requireNoInvalidIndex(changeset, sql);
    } catch (SQLException e) {
      if (!leniently || !SqlStates.isMissingObject(e)) {
        throw e;
      }
      if (before != null) {
        connection.rollback(before);
      }
      listener.note(changeset.label() + ": skipped, " + SqlErrorMessage.message(e));
    }
  }

  /// Removes the invalid index of a failed concurrent build: it slows down writes and serves no
  /// reads.
  private void clearRemnants(
      Statement statement, ConcurrentStep step, @Nullable List<Long> before, SQLException failure) {
    try {
      for (String remnant : step.remnants(session.connection(), before)) {
        statement.execute(remnant);
      }
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  /// Unregisters the backfill before the table is locked, in the order in which a worker locks the
  /// two.
  private static void strikeBackfill(
      Connection connection, Changeset changeset, Direction direction) throws SQLException {
    if (direction == Direction.DOWN) {
      BackfillRegister.unregister(connection, changeset.label());
    }
  }

  private void record(Connection connection, Changeset changeset, Direction direction, long begun)
      throws SQLException {
    switch (direction) {
      case UP -> History.add(connection, changeset, deployment);
      case DOWN -> History.remove(connection, changeset.file().path());
    }
    long millis = Duration.ofNanos(System.nanoTime() - begun).toMillis();
    String action = direction == Direction.UP ? "up" : "down";
    History.event(connection, new History.Event(action, changeset.file().path(), millis, approval));
  }

  /// Checks the result of the statement: `IF NOT EXISTS` succeeds even if the existing index is
  /// invalid or belongs to another table.
  private void requireValid(Changeset changeset, ConcurrentStep step, @Nullable List<Long> before)
      throws SQLException {
    if (step instanceof ConcurrentStep.CreateIndex create
        && !create.isValid(session.connection(), before)) {
      throw new OperatorException(
          "%s created no valid index %s on %s"
              .formatted(changeset.file().shortPath(), create.index(), create.table()),
          "drop the index of that name, then run it again");
    }
  }

  private void requireNoInvalidIndex(Changeset changeset, SqlStatement sql) throws SQLException {
    List<String> invalid = ConcurrentStep.invalid(sql, session.connection());
    if (!invalid.isEmpty()) {
      throw new OperatorException(
          "%s created no index, because an invalid index %s exists"
              .formatted(changeset.file().shortPath(), invalid.getFirst()),
          "drop it, then run it again");
    }
  }

  private Duration lockTimeout(Changeset changeset) {
    return Objects.requireNonNullElse(changeset.directives().lockTimeout(), config.lockTimeout());
  }

  /// The statements that set the timeouts of the file, or else the given ones, and the name of the
  /// changeset for the functions of the trash.
  private static String timeouts(
      String scope, Changeset changeset, Duration lockTimeout, Duration statementTimeout) {
    Duration lock = Objects.requireNonNullElse(changeset.directives().lockTimeout(), lockTimeout);
    Duration statement =
        Objects.requireNonNullElse(changeset.directives().statementTimeout(), statementTimeout);
    return "SET %1$s lock_timeout = %2$s; SET %1$s statement_timeout = %3$s; SET %1$s sheaf.changeset = '%4$s'"
        .formatted(
            scope,
            lock.toMillis(),
            statement.toMillis(),
            changeset.file().path().replace("'", "''"));
  }

  private static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted between two attempts", "run it again", e);
    }
  }
}
