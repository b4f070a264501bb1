package dev.sheaf.migration.backfill;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.Backfill.State;
import dev.sheaf.runtime.ProcessIdentity;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The backfills of one database: to be looked at, controlled and worked off. The service, the
/// commands and the HTTP resource all come through here.
///
/// Every method throws a [SchemaException] when the database cannot be asked.
public final class Backfills {

  private final DatabaseAddress address;
  private final BackfillConfig config;
  private final String holder;

  private Backfills(DatabaseAddress address, BackfillConfig config, String holder) {
    this.address = address;
    this.config = config;
    this.holder = holder;
  }

  /// Those of the database at `address`.
  public static Backfills of(DatabaseAddress address, BackfillConfig config) {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    return new Backfills(
        address, config, ProcessIdentity.NAME + "#" + HexFormat.of().formatHex(random));
  }

  /// What a person may want of a backfill.
  public enum Control {
    /// Rest, until it is resumed.
    PAUSE(State.PAUSED),
    /// Go on where it was left, after whatever stopped it.
    RESUME(State.RUNNING),
    /// Give up. What is done stays done.
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

    /// As people write it.
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// All of them, in the order in which they are worked off.
  public List<Backfill> list() {
    return connected("looking at the backfills", Backfill::all);
  }

  /// The one of this name, `module/NNN_name`, if there is one.
  public Optional<Backfill> find(String name) {
    // No text in PostgreSQL holds one, so nothing there has such a name.
    if (name.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    return connected(
        "looking at the backfill " + name, connection -> Backfill.named(connection, name));
  }

  /// Does what a person wants, and records it. A batch that is being worked on comes to its end
  /// first.
  ///
  /// @param approval who wants it
  /// @return whether the backfill was in a state in which that makes sense
  public boolean control(String name, Control control, Approval approval) {
    String sql =
        """
        WITH controlled AS (
          UPDATE backfill
             SET state = ?, waiting_for = NULL, lease_holder = NULL, lease_until = NULL,
                 attempts = CASE ? WHEN 'running' THEN 0 ELSE attempts END,
                 last_error = CASE ? WHEN 'running' THEN NULL ELSE last_error END,
                 finished_at = CASE ? WHEN 'cancelled' THEN now() END
           WHERE name = ?
             AND state = ANY (?)
          RETURNING name)
        INSERT INTO schema_event (action, path, client, application_version, approved_by, reason)
        SELECT 'backfill ' || ?, 'db/changelog/' || name || '.sql', ?, ?, ?, ? FROM controlled
        """;
    return connected(
        control + " of the backfill " + name,
        connection -> {
          try (PreparedStatement update = connection.prepareStatement(sql)) {
            String to = control.to.toString();
            for (int i = 1; i <= 4; i++) {
              update.setString(i, to);
            }
            update.setString(5, name);
            update.setArray(
                6,
                connection.createArrayOf(
                    "text", control.from().stream().map(State::toString).toArray()));
            update.setString(7, control.toString());
            update.setString(8, ProcessIdentity.NAME);
            update.setString(9, ProcessIdentity.VERSION);
            update.setString(10, approval.by());
            update.setString(11, approval.reason());
            return update.executeUpdate() > 0;
          }
        });
  }

  /// Works in the caller's thread until nothing is open, or until told to stop. What another worker
  /// has taken up is waited for.
  ///
  /// @param only the one that is meant; `null` is all of them
  /// @param stop ends the work after the current batch
  public void run(@Nullable String only, BackfillListener listener, CountDownLatch stop) {
    try {
      while (stop.getCount() > 0) {
        work(only, listener, stop);
        Optional<Backfill> open =
            list().stream()
                .filter(backfill -> only == null || backfill.name().equals(only))
                .filter(backfill ->
                    backfill.state() == State.PENDING || backfill.state() == State.RUNNING)
                .findFirst();
        if (open.isEmpty()) {
          return;
        }
        listener.progress(open.get());
        stop.await(config.checkEvery().toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Works off what nobody else works at, until there is no more of that.
  public void work(@Nullable String only, BackfillListener listener, CountDownLatch stop) {
    connected(
        "working off a backfill",
        connection -> {
          AdvisoryLock.noticeDeath(connection);
          BackfillWorker worker = new BackfillWorker(connection, config, listener, holder, stop);
          boolean worked = true;
          while (worked && stop.getCount() > 0) {
            worked = worker.work(only);
          }
          return worked;
        });
  }

  private interface Use<T> {
    T of(Connection connection) throws SQLException;
  }

  private <T> T connected(String what, Use<T> use) {
    try (Connection connection = address.open("sheaf " + ProcessIdentity.NAME + " backfill")) {
      return use.of(connection);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(address, what, e);
    }
  }
}
