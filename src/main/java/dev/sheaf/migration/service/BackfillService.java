package dev.sheaf.migration.service;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.backfill.BackfillConfig;
import dev.sheaf.migration.backfill.BackfillListener;
import dev.sheaf.migration.backfill.Backfills;
import dev.sheaf.runtime.Backoff;
import dev.sheaf.runtime.OperatorException;
import io.agroal.api.AgroalDataSource;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Runs backfills in the service, on one background thread, with its own connection while there is
/// work.
@ApplicationScoped
class BackfillService {

  private static final Logger LOG = Logger.getLogger(BackfillService.class);

  /// The time to finish the current batch at shutdown. A longer batch is interrupted and rolled
  /// back.
  private static final Duration SHUTDOWN_WAIT = Duration.ofSeconds(2);

  private final BackfillConfig config;
  private final MigrationConfig schema;
  private final Config settings;
  private final AgroalDataSource pool;
  private final ReadOnlyWatch readOnly;
  private final CountDownLatch stop = new CountDownLatch(1);
  private @Nullable Backfills backfills;
  private @Nullable Thread thread;

  BackfillService(
      BackfillConfig config,
      MigrationConfig schema,
      Config settings,
      AgroalDataSource pool,
      ReadOnlyWatch readOnly) {
    this.config = config;
    this.schema = schema;
    this.settings = settings;
    this.pool = pool;
    this.readOnly = readOnly;
  }

  /// The backfills of the service's own database.
  synchronized Backfills backfills() {
    if (backfills == null) {
      backfills = Backfills.of(DatabaseAddress.configured(settings, schema.jdbcUrl()), config);
    }
    return backfills;
  }

  void start(@Observes StartupEvent start) {
    if (config.enabled()) {
      thread = Thread.ofVirtual().name("backfill").start(this::loop);
    }
  }

  void stop(@Observes ShutdownEvent shutdown) throws InterruptedException {
    stop.countDown();
    if (thread != null && !thread.join(SHUTDOWN_WAIT)) {
      thread.interrupt();
      thread.join();
    }
  }

  private void loop() {
    var pauses = new Backoff(config.checkEvery(), config.backoffLimit());
    int failures = 0;
    try {
      while (!stop.await(pauses.pause(failures + 1).toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          if (readOnly.mode().isEmpty() && isAnyOpen()) {
            backfills().work(null, new LogListener(), stop);
          }
          failures = 0;
        } catch (SQLException | OperatorException e) {
          // The database is unavailable, or a batch was interrupted. The next check resumes it.
          LOG.warnf("Backfills not run: reason=%s", e.getMessage());
          failures = 0;
        } catch (RuntimeException e) {
          failures++;
          LOG.errorf(e, "Backfills not run: failures=%s", failures);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isAnyOpen() throws SQLException {
    String sql =
        """
        SELECT EXISTS (SELECT FROM backfill
                        WHERE state IN ('pending', 'running')
                          AND (lease_until IS NULL OR lease_until < clock_timestamp()))
        """;
    try (Connection connection = pool.getConnection();
        Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      return row.next() && row.getBoolean(1);
    } catch (SQLException e) {
      // The changeset that makes the table was rolled back.
      if (SqlStates.UNDEFINED_TABLE.equals(e.getSQLState())) {
        return false;
      }
      throw e;
    }
  }

  /// Logs the start and the end of backfills.
  private static final class LogListener implements BackfillListener {
    @Override
    public void started(Backfill backfill) {
      LOG.infof("Backfill started: name=%s rows=%s", backfill.name(), backfill.rowsDone());
    }

    @Override
    public void waiting(String name, String reason) {
      LOG.infof("Backfill waiting: name=%s reason=%s", name, reason);
    }

    @Override
    public void ended(Backfill backfill) {
      LOG.infof(
          "Backfill %s: name=%s rows=%s%s",
          backfill.state(),
          backfill.name(),
          backfill.rowsDone(),
          backfill.lastError() == null ? "" : " reason=" + backfill.lastError());
    }
  }
}
