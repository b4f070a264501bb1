package dev.sheaf.database;

import io.agroal.api.AgroalPoolInterceptor;
import io.quarkus.agroal.DataSource;
import jakarta.enterprise.inject.Default;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.postgresql.jdbc.PgConnection;

/// Lets another thread cancel what a thread does in the database, because nobody needs the result
/// any more. It covers the thread that created it until it is closed, with at most one connection
/// of the pool at a time.
public final class Cancellation implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Cancellation.class);

  private static final ThreadLocal<@Nullable Cancellation> CURRENT = new ThreadLocal<>();

  private static final long REPEAT_AFTER_MILLIS = 100;

  private final Consumer<Cancellation> closed;
  private @Nullable PgConnection held;
  private boolean cancelled;
  private boolean isClosed;

  private Cancellation(Consumer<Cancellation> closed) {
    this.closed = closed;
  }

  /// Begins to cover this thread, which must not be covered already.
  ///
  /// @param closed called when the cancellation is closed
  public static Cancellation begin(Consumer<Cancellation> closed) {
    var cancellation = new Cancellation(closed);
    CURRENT.set(cancellation);
    return cancellation;
  }

  /// Whether this thread is covered.
  public static boolean isCovered() {
    return CURRENT.get() != null;
  }

  /// Fails if the work of this thread is cancelled. For work that runs several statements.
  ///
  /// @throws SQLException with the state of a cancelled statement
  public static void check() throws SQLException {
    Cancellation current = CURRENT.get();
    if (current != null && current.isCancelled()) {
      throw new SQLException("the work is cancelled", SqlStates.QUERY_CANCELED);
    }
  }

  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /// Makes [#check] fail, and cancels the statements of the thread until this is closed. A request
  /// to cancel may arrive before the statement that it is meant for, so it is repeated. The
  /// connection is not returned to the pool during a request, so no statement of another user is
  /// cancelled.
  public synchronized void cancel() {
    cancelled = true;
    try {
      while (!isClosed) {
        cancelStatement();
        wait(REPEAT_AFTER_MILLIS);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void cancelStatement() {
    if (held == null) {
      return;
    }
    try {
      held.cancelQuery();
    } catch (SQLException e) {
      // The statement ends at its own time limit.
      LOG.debugf("Statement not cancelled: reason=%s", e.getMessage());
    }
  }

  @Override
  public void close() {
    CURRENT.remove();
    hold(null);
    end();
    closed.accept(this);
  }

  private synchronized void end() {
    isClosed = true;
    notifyAll();
  }

  private synchronized void hold(@Nullable PgConnection connection) {
    held = connection;
  }

  /// Tells the cancellation of a thread which connection the thread uses.
  @Default
  @DataSource(Replicas.POOL)
  @Singleton
  static final class Interceptor implements AgroalPoolInterceptor {

    /// The pool's own connection is valid only during this call.
    @Override
    public void onConnectionAcquire(Connection connection) {
      Cancellation current = CURRENT.get();
      if (current == null) {
        return;
      }
      try {
        current.hold(connection.unwrap(PgConnection.class));
      } catch (SQLException _) {
        // It is broken, as the next statement will say.
      }
    }

    @Override
    public void onConnectionReturn(Connection connection) {
      Cancellation current = CURRENT.get();
      if (current != null) {
        current.hold(null);
      }
    }
  }
}
