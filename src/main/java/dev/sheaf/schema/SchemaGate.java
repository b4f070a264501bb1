package dev.sheaf.schema;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.time.Duration;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// What every start passes before anything else of the service touches the database: the schema is
/// at head, or brought there, or the service does not start.
@ApplicationScoped
public class SchemaGate {

  private static final Logger LOG = Logger.getLogger(SchemaGate.class);

  private final SchemaConfig config;
  private final ModulesConfig modules;
  private final Config settings;
  private volatile @Nullable Migrations migrations;

  SchemaGate(SchemaConfig config, ModulesConfig modules, Config settings) {
    this.config = config;
    this.modules = modules;
    this.settings = settings;
  }

  void open(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE) StartupEvent start) {
    try {
      open();
    } catch (SchemaException e) {
      if (LaunchMode.current() != LaunchMode.NORMAL) {
        // The page of dev mode and the report of a test show it.
        throw e;
      }
      // One line for the operator; a stack trace would say nothing more.
      LOG.fatalf("schema: %s", e.getMessage());
      // The exception ends the start, but not the process that waits for its end.
      Quarkus.asyncExit(1);
      throw new PreventFurtherStepsException(1);
    }
  }

  private void open() {
    if (config.atStart() == SchemaConfig.AtStart.OFF) {
      LOG.info("schema: not looked at, because sheaf.schema.at-start is off");
      return;
    }
    Migrations engine =
        Migrations.of(address(), config, modules, Environment.isProduction(settings));
    switch (config.atStart()) {
      case MIGRATE -> {
        MigrationResult result = engine.up(new Log()).orThrow();
        LOG.infof(
            "schema: %s in %s",
            result.executed().isEmpty()
                ? "at head"
                : result.executed().size() + " changesets applied",
            Durations.text(result.duration()));
      }
      case CHECK -> {
        engine.requireHead();
        LOG.info("schema: at head");
      }
      case OFF -> {}
    }
    migrations = engine;
  }

  /// The engine that opened the gate; `null` when the gate is off.
  @Nullable Migrations migrations() {
    return migrations;
  }

  private DatabaseAddress address() {
    return Environment.database(settings, config);
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
          "schema: %s: %s; attempt %d failed, next in %s",
          changeset, why, attempt, Durations.text(pause));
    }

    @Override
    public void note(String text) {
      LOG.warnf("schema: %s", text);
    }
  }
}
