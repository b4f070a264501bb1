package dev.sheaf.migration.service;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.backfill.BackfillConfig;
import dev.sheaf.migration.backfill.BackfillListener;
import dev.sheaf.migration.backfill.Backfills;
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

/// Works backfills off while the service runs: one thread beside those of requests, with a
/// connection of its own for as long as there is work.
@ApplicationScoped
class BackfillService {

  private static final Logger LOG = Logger.getLogger(BackfillService.class);

  /// A batch takes less; what takes longer is rolled back by being cut off.
  private static final Duration LAST_BATCH = Duration.ofSeconds(2);

  private final BackfillConfig config;
  private final MigrationConfig schema;
  private final Config settings;
  private final AgroalDataSource pool;
  private final CountDownLatch stop = new CountDownLatch(1);
  private @Nullable Backfills backfills;
  private @Nullable Thread thread;

  BackfillService(
      BackfillConfig config, MigrationConfig schema, Config settings, AgroalDataSource pool) {
    this.config = config;
    this.schema = schema;
    this.settings = settings;
    this.pool = pool;
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
    if (thread != null && !thread.join(LAST_BATCH)) {
      thread.interrupt();
      thread.join();
    }
  }

  private void loop() {
    try {
      while (!stop.await(config.checkEvery().toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          if (isAnyOpen()) {
            backfills().work(null, new Log(), stop);
          }
        } catch (SQLException | OperatorException e) {
          // The database is away, or a batch was cut off; the next look goes on where it was.
          LOG.warnf("Backfills not worked off: reason=%s", e.getMessage());
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

  /// Says in the service's log what a person may look for later.
  private static final class Log implements BackfillListener {
    @Override
    public void began(Backfill backfill) {
      LOG.infof("Backfill taken up: name=%s rows=%s", backfill.name(), backfill.rowsDone());
    }

    @Override
    public void waiting(String name, String reason) {
      LOG.infof("Backfill waits: name=%s reason=%s", name, reason);
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
