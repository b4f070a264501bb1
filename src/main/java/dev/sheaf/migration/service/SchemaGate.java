package dev.sheaf.migration.service;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.history.History;
import dev.sheaf.runtime.Durations;
import dev.sheaf.runtime.Environment;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.StartupFailure;
import io.agroal.api.AgroalDataSource;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// What every start passes before anything else of the service touches the database: the schema is
/// at head, or brought there, or the service does not start.
@ApplicationScoped
public class SchemaGate {

  private static final Logger LOG = Logger.getLogger(SchemaGate.class);

  private final MigrationConfig config;
  private final ModulesConfig modules;
  private final Config settings;
  private final AgroalDataSource pool;
  private @Nullable Migrations engine;

  SchemaGate(
      MigrationConfig config, ModulesConfig modules, Config settings, AgroalDataSource pool) {
    this.config = config;
    this.modules = modules;
    this.settings = settings;
    this.pool = pool;
  }

  void open(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE) StartupEvent start) {
    StartupFailure.unless("schema", this::open);
  }

  private void open() {
    switch (config.atStart()) {
      case MIGRATE -> {
        if (isAtHead()) {
          LOG.info("schema: at head");
        } else {
          migrate();
        }
      }
      case CHECK -> {
        if (!isAtHead()) {
          engine().requireHead();
        }
        LOG.info("schema: fits");
      }
      case OFF -> LOG.info("schema: not looked at, because sheaf.schema.at-start is off");
    }
  }

  /// One look, through the pool, whose first connection the service needs anyway. The changelogs
  /// are read while it is opened; what is wrong with them is said by the second call.
  private boolean isAtHead() {
    Thread.startVirtualThread(new FutureTask<>(this::engine));
    try (Connection connection = pool.getConnection()) {
      return History.isAtHead(connection, engine().fingerprint());
    } catch (SQLException _) {
      // The engine's own connection will meet the same obstacle, and say what it is.
      return false;
    }
  }

  private void migrate() {
    MigrationResult result = engine().up(new Log()).orThrow();
    // A connection from before the extension was created knows nothing of its types.
    pool.flush(AgroalDataSource.FlushMode.ALL);
    LOG.infof(
        "schema: %s in %s",
        result.executed().isEmpty()
            ? "nothing to apply"
            : result.executed().size() + " changesets applied",
        Durations.text(result.duration()));
  }

  /// Whether anything is looked at.
  boolean isOff() {
    return config.atStart() == MigrationConfig.AtStart.OFF;
  }

  /// The engine for the service's own database.
  synchronized Migrations engine() {
    if (engine == null) {
      engine =
          Migrations.of(
              DatabaseAddress.configured(settings, config.jdbcUrl()),
              config,
              modules,
              Environment.isProduction(settings));
    }
    return engine;
  }

  /// Says what a migration does in the service's log.
  private static final class Log implements MigrationListener {
    @Override
    public void waiting(String holder) {
      LOG.infof("schema: waiting for %s", holder);
    }

    @Override
    public void finished(String changeset, Direction direction, Duration took) {
      LOG.infof("schema: %s applied in %s", changeset, Durations.text(took));
    }

    @Override
    public void retrying(String changeset, int attempt, Duration pause, String why) {
      LOG.warnf(
          "schema: %s: %s; attempt %s failed, next in %s",
          changeset, why, attempt, Durations.text(pause));
    }

    @Override
    public void note(String text) {
      LOG.warnf("schema: %s", text);
    }
  }
}
