package dev.sheaf.runtime;

import io.quarkus.runtime.StartupEvent;
import io.smallrye.config.SmallRyeConfig;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import org.eclipse.microprofile.config.Config;

/// Checks all settings at start-up, before any part of the service uses them.
@ApplicationScoped
class SettingsGate {

  private final Config config;

  SettingsGate(Config config) {
    this.config = config;
  }

  void check(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE - 2) StartupEvent event) {
    StartupFailure.exitIfFails(
        "settings", () -> Settings.check(config.unwrap(SmallRyeConfig.class)));
  }
}
