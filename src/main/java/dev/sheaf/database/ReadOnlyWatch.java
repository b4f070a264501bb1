package dev.sheaf.database;

import io.agroal.api.AgroalDataSource;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import io.quarkus.scheduler.ScheduledExecution;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Knows within seconds whether the database is read-only, for answers and for background work,
/// which rests meanwhile.
@Singleton
public class ReadOnlyWatch implements Scheduled.SkipPredicate {

  private static final Logger LOG = Logger.getLogger(ReadOnlyWatch.class);

  private final AgroalDataSource pool;
  private volatile @Nullable ReadOnlyMode mode;

  ReadOnlyWatch(AgroalDataSource pool) {
    this.pool = pool;
  }

  /// The state of the database when it was last looked at; empty if it accepts writes.
  public Optional<ReadOnlyMode> mode() {
    return Optional.ofNullable(mode);
  }

  /// Skips background work that writes.
  @Override
  public boolean test(ScheduledExecution execution) {
    return mode != null;
  }

  /// Before the scheduler starts background work.
  void lookFirst(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE - 1) StartupEvent event) {
    look();
  }

  @Scheduled(every = "2s", delayed = "2s", concurrentExecution = ConcurrentExecution.SKIP)
  void look() {
    ReadOnlyMode before = mode;
    try (Connection connection = pool.getConnection()) {
      mode = ReadOnlyMode.read(connection).orElse(null);
    } catch (SQLException e) {
      // Whatever needs the database says that it is unavailable.
      LOG.debugf("State of the database not read: reason=%s", e.getMessage());
      return;
    }
    ReadOnlyMode now = mode;
    if ((before == null) != (now == null)) {
      LOG.warn(now == null ? "The database accepts writes again" : now.sentence());
      // A session keeps the setting with which it began.
      pool.flush(AgroalDataSource.FlushMode.GRACEFUL);
    }
  }
}
