package dev.sheaf.migration.backfill;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Lease;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.Backfill.State;
import dev.sheaf.migration.execute.ChangesetSession;
import dev.sheaf.runtime.ProcessIdentity;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Lists, controls and runs the backfills of one database. The service, the commands and the HTTP
/// resource use it.
///
/// Every method throws an `OperatorException` if the database cannot be queried.
public final class Backfills {

  private static final String RUNNING = "running a backfill";

  private final DatabaseAddress address;
  private final BackfillConfig config;
  private final Lease lease;

  private Backfills(DatabaseAddress address, BackfillConfig config, Lease lease) {
    this.address = address;
    this.config = config;
    this.lease = lease;
  }

  /// The backfills of the database at `address`.
  public static Backfills of(DatabaseAddress address, BackfillConfig config) {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    return new Backfills(
        address,
        config,
        new Lease(ProcessIdentity.NAME + "#" + HexFormat.of().formatHex(random), config.lease()));
  }

  /// A change of a backfill's state that a person asks for.
  public enum Control {
    /// Stops after the current batch, until it is resumed.
    PAUSE(State.PAUSED),
    /// Continues where it stopped.
    RESUME(State.RUNNING),
    /// Stops for good. Rows that are done are not undone.
    CANCEL(State.CANCELLED);

    private final State to;

    Control(State to) {
      this.to = to;
    }

    private List<State> from() {
      return switch (this) {
        case PAUSE -> List.of(State.PENDING, State.RUNNING);
        case RESUME -> List.of(State.PAUSED, State.FAILED, State.CANCELLED);
        case CANCEL -> List.of(State.PENDING, State.RUNNING, State.PAUSED, State.FAILED);
      };
    }

    /// `pause`, `resume` or `cancel`.
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }

    /// `paused`, `resumed` or `cancelled`.
    public String participle() {
      return this == RESUME ? "resumed" : to.toString();
    }

    /// Which backfills it applies to: `only a pending or running backfill can be paused`.
    public String requirement() {
      List<String> states = from().stream().map(State::toString).toList();
      return "only a %s or %s backfill can be %s"
          .formatted(
              String.join(", ", states.subList(0, states.size() - 1)),
              states.getLast(),
              participle());
    }
  }

  /// All backfills, in the order in which they run.
  public List<Backfill> list() {
    return connected("reading the backfills", Backfill::all);
  }

  /// The backfill of this name, `module/NNN_name`; empty if there is none.
  public Optional<Backfill> find(String name) {
    // PostgreSQL rejects texts with a zero byte, so there is no such name.
    if (name.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    return connected(
        "reading the backfill " + name, connection -> Backfill.named(connection, name));
  }

  /// Changes the state of a backfill and records this in the history. The current batch is finished
  /// first.
  ///
  /// @param approval who requested it
  /// @return whether the backfill was in one of the required states
  public boolean control(String name, Control control, Approval approval) {
    String sql =
        """
        WITH controlled AS (
          UPDATE backfill
             SET state = ?, waiting_for = NULL, %s,
                 attempts = CASE ? WHEN 'running' THEN 0 ELSE attempts END,
                 last_key = CASE ? WHEN 'running' THEN NULL ELSE last_key END,
                 last_error = CASE ? WHEN 'running' THEN NULL ELSE last_error END,
                 finished_at = CASE ? WHEN 'cancelled' THEN now() END
           WHERE name = ?
             AND state = ANY (?)
          RETURNING name)
        INSERT INTO schema_event (action, path, client, application_version, approved_by, reason)
        SELECT 'backfill ' || ?, 'db/changelog/' || name || '.sql', ?, ?, ?, ? FROM controlled
        """
            .formatted(Lease.RELEASE);
    return connected(
        control + " of the backfill " + name,
        connection -> {
          String to = control.to.toString();
          return Sql.of(
                      sql,
                      to,
                      to,
                      to,
                      to,
                      to,
                      name,
                      control.from().stream().map(State::toString).toArray(String[]::new),
                      control.toString(),
                      ProcessIdentity.NAME,
                      ProcessIdentity.VERSION,
                      approval.by(),
                      approval.reason())
                  .update(connection)
              > 0;
        });
  }

  /// Runs backfills in the caller's thread until none is pending or running, or until it is
  /// stopped. It waits for backfills that other workers run.
  ///
  /// @param name only this backfill; `null` for all
  /// @param stop ends the work after the current batch
  public void run(@Nullable String name, BackfillListener listener, CountDownLatch stop) {
    connected(
        RUNNING,
        connection -> {
          Optional<Backfill> open;
          do {
            work(connection, name, listener, stop);
            open =
                Backfill.all(connection).stream()
                    .filter(backfill -> name == null || backfill.name().equals(name))
                    .filter(backfill ->
                        backfill.state() == State.PENDING || backfill.state() == State.RUNNING)
                    .findFirst();
            open.ifPresent(listener::progress);
          } while (open.isPresent() && !stopped(stop));
          return open;
        });
  }

  private boolean stopped(CountDownLatch stop) {
    try {
      return stop.await(config.checkEvery().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// Runs the backfills that no other worker runs, until there are no more of them.
  public void work(@Nullable String name, BackfillListener listener, CountDownLatch stop) {
    connected(RUNNING, connection -> work(connection, name, listener, stop));
  }

  private boolean work(
      Connection connection, @Nullable String name, BackfillListener listener, CountDownLatch stop)
      throws SQLException {
    BackfillWorker worker = new BackfillWorker(connection, config, listener, lease, stop);
    boolean worked = true;
    while (worked && stop.getCount() > 0) {
      worked = worker.work(name);
    }
    return worked;
  }

  private interface DatabaseCall<T> {
    T of(Connection connection) throws SQLException;
  }

  private <T> T connected(String what, DatabaseCall<T> call) {
    try (Connection connection = address.open("sheaf " + ProcessIdentity.NAME + " backfill")) {
      ChangesetSession.applySettings(connection);
      return call.of(connection);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(address, what, e);
    }
  }
}
