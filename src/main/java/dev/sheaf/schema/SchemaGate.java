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
  private @Nullable Migrations engine;

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
    switch (config.atStart()) {
      case MIGRATE -> {
        MigrationResult result = engine().up(new Log()).orThrow();
        LOG.infof(
            "schema: %s in %s",
            result.executed().isEmpty()
                ? "at head"
                : result.executed().size() + " changesets applied",
            Durations.text(result.duration()));
      }
      case CHECK -> {
        engine().requireHead();
        LOG.info("schema: at head");
      }
      case OFF -> LOG.info("schema: not looked at, because sheaf.schema.at-start is off");
    }
  }

  /// Whether anything is looked at.
  boolean isOff() {
    return config.atStart() == SchemaConfig.AtStart.OFF;
  }

  /// The engine for the service's own database.
  synchronized Migrations engine() {
    if (engine == null) {
      engine =
          Migrations.of(
              Environment.database(settings, config),
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
          "schema: %s: %s; attempt %d failed, next in %s",
          changeset, why, attempt, Durations.text(pause));
    }

    @Override
    public void note(String text) {
      LOG.warnf("schema: %s", text);
    }
  }
}
