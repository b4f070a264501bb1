package dev.sheaf.access;

import dev.sheaf.access.AccessConfig.AccessMode;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.StartupFailure;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jboss.logging.Logger.Level;

/// Checks the access configuration at start-up, and logs a warning if access control is off or no
/// key exists.
@ApplicationScoped
class AccessGate {

  private static final Logger LOG = Logger.getLogger(AccessGate.class);

  /// Switches the check off.
  private static final String ANY_AUDIENCE = "any";

  private final AccessConfig config;
  private final ModuleSwitches modules;
  private final ApiKeys keys;
  private final boolean oidc;
  private final Optional<List<String>> audience;

  AccessGate(
      AccessConfig config,
      ModuleSwitches modules,
      ApiKeys keys,
      @ConfigProperty(name = "quarkus.oidc.tenant-enabled") boolean oidc,
      @ConfigProperty(name = "quarkus.oidc.token.audience") Optional<List<String>> audience) {
    this.config = config;
    this.modules = modules;
    this.keys = keys;
    this.oidc = oidc;
    this.audience = audience;
  }

  static boolean isOpen(AccessConfig config) {
    AccessMode defaultMode =
        LaunchMode.current() == LaunchMode.NORMAL ? AccessMode.REQUIRED : AccessMode.OPEN;
    return config.mode().orElse(defaultMode) == AccessMode.OPEN;
  }

  /// Runs before all other observers, so that nothing has started if the check fails.
  void requireModule(
      @Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE - 1) StartupEvent event) {
    StartupFailure.exitIfFails("access", this::requireAudience);
    if (!isOpen(config)) {
      StartupFailure.exitIfFails("access", this::requireModule);
    }
  }

  private void requireAudience() {
    boolean checked =
        audience.filter(names -> !names.isEmpty() && !names.contains(ANY_AUDIENCE)).isPresent();
    if (oidc && !checked) {
      throw new OperatorException(
          "tokens are accepted, but their audience is not checked, so a token for any other application would do",
          "set quarkus.oidc.token.audience to the audience that the identity provider writes into tokens for Sheaf");
    }
  }

  void logAccessMode(@Observes StartupEvent event) {
    if (isOpen(config)) {
      // In development and tests this is the default, and only this machine can connect.
      LOG.log(
          LaunchMode.current() == LaunchMode.NORMAL ? Level.WARN : Level.INFO,
          "Access control is off: anyone who can reach this port has full access. Set"
              + " sheaf.access.mode=required to require keys.");
    } else if (!oidc) {
      warnIfNoKeys();
    }
  }

  private void requireModule() {
    if (!modules.isOn(ApiKeys.MODULE)) {
      throw new OperatorException(
          "access control is on, but the module access, which stores the keys, is off",
          "set sheaf.modules.access.enabled=true, or sheaf.access.mode=open to turn access control off");
    }
  }

  private void warnIfNoKeys() {
    try {
      if (!keys.hasActiveKey()) {
        LOG.warn(
            "Access control is on, but no valid key exists. Create one: sheaf key create --role"
                + " admin");
      }
    } catch (SQLException e) {
      // If the table is missing, SchemaGate decides whether the service may start.
      LOG.warnf("API keys could not be read: reason=%s", e.getMessage());
    }
  }
}
