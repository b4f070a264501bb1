package dev.sheaf.migration.service;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.history.History;
import dev.sheaf.runtime.Durations;
import dev.sheaf.runtime.Environment;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.OperatorException;
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
import java.util.Objects;
import java.util.concurrent.FutureTask;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Checks or migrates the schema at start-up, before any other part of the service uses the
/// database. If the schema is not compatible afterwards, the service does not start.
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
    StartupFailure.exitIfFails("schema", this::open);
  }

  private void open() {
    switch (config.atStart()) {
      case MIGRATE -> {
        if (isUpToDate()) {
          LOG.info("schema: up to date");
        } else {
          migrate();
        }
      }
      case CHECK -> {
        if (!isUpToDate()) {
          engine().requireCompatible();
        }
        LOG.info("schema: compatible");
      }
      case OFF -> LOG.info("schema: not checked, because sheaf.schema.at-start is off");
    }
    if (!isOff()) {
      logServer();
    }
  }

  private void logServer() {
    try (Connection connection = pool.getConnection()) {
      requireSwitchOfDistribution(connection);
      PostgresServer server = PostgresServer.of(connection);
      LOG.infof(
          "database: PostgreSQL %s, pgvector %s",
          server.version(), Objects.requireNonNullElse(server.vector(), "not created"));
      server.vectorRisks().forEach(risk -> LOG.infof("database: %s", risk));
    } catch (SQLException _) {
      // The database is unavailable; readiness reports the reason.
    }
  }

  /// Without the switch, searches would run without the settings that the workers need.
  private void requireSwitchOfDistribution(Connection connection) throws SQLException {
    ModulesConfig.Module citus = modules.modules().get(ModulesConfig.CITUS);
    if ((citus == null || !citus.enabled())
        && PostgresServer.distributedTables(connection).contains("document")) {
      throw new OperatorException(
          "the documents of this database are distributed over a Citus cluster, but sheaf.citus.enabled is false",
          "set sheaf.citus.enabled=true");
    }
  }

  /// One query through the pool, whose first connection the service needs anyway. The changelogs
  /// are read concurrently; the second call of `engine()` reports a failure to read them.
  private boolean isUpToDate() {
    Thread.startVirtualThread(new FutureTask<>(this::engine));
    try (Connection connection = pool.getConnection()) {
      return History.isUpToDate(connection, engine().fingerprint());
    } catch (SQLException _) {
      // The engine's own connection fails in the same way and reports the reason.
      return false;
    }
  }

  private void migrate() {
    MigrationResult result = engine().up(new LogListener()).orThrow();
    // Connections that are older than the vector extension do not know its types.
    pool.flush(AgroalDataSource.FlushMode.ALL);
    LOG.infof(
        "schema: %s in %s",
        result.executed().isEmpty()
            ? "nothing to apply"
            : result.executed().size() + " changesets applied",
        Durations.text(result.duration()));
  }

  /// Whether the schema is not checked at all.
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

  /// Logs the events of a migration.
  private static final class LogListener implements MigrationListener {
    @Override
    public void waiting(String holder) {
      LOG.infof("schema: waiting for the schema lock, held by %s", holder);
    }

    @Override
    public void blocked(String changeset, Duration sofar, String sessions) {
      LOG.warnf("schema: %s waits for a lock, blocked by %s", changeset, sessions);
    }

    @Override
    public void finished(String changeset, Direction direction, Duration took) {
      LOG.infof("schema: %s applied in %s", changeset, Durations.text(took));
    }

    @Override
    public void retrying(String changeset, int attempt, Duration pause, String why) {
      LOG.warnf(
          "schema: %s: %s; attempt %s failed, retrying in %s",
          changeset, why, attempt, Durations.text(pause));
    }

    @Override
    public void note(String text) {
      LOG.warnf("schema: %s", text);
    }
  }
}
