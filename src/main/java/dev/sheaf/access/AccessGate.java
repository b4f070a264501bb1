package dev.sheaf.access;

import dev.sheaf.access.AccessConfig.Mode;
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
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jboss.logging.Logger.Level;

/// Says at start who is let in, and refuses to start where nobody could be.
@ApplicationScoped
class AccessGate {

  private static final Logger LOG = Logger.getLogger(AccessGate.class);

  private final AccessConfig config;
  private final ModuleSwitches modules;
  private final ApiKeys keys;
  private final boolean oidc;

  AccessGate(
      AccessConfig config,
      ModuleSwitches modules,
      ApiKeys keys,
      @ConfigProperty(name = "quarkus.oidc.tenant-enabled") boolean oidc) {
    this.config = config;
    this.modules = modules;
    this.keys = keys;
    this.oidc = oidc;
  }

  static boolean isOpen(AccessConfig config) {
    Mode unsaid = LaunchMode.current() == LaunchMode.NORMAL ? Mode.REQUIRED : Mode.OPEN;
    return config.mode().orElse(unsaid) == Mode.OPEN;
  }

  /// Before anything else, so that nothing has begun when the start is refused.
  void requireModule(
      @Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE - 1) StartupEvent event) {
    if (!isOpen(config)) {
      StartupFailure.unless("access", this::requireModule);
    }
  }

  void sayWhoIsLetIn(@Observes StartupEvent event) {
    if (isOpen(config)) {
      // In development and tests it is the default, and only this machine can connect.
      LOG.log(
          LaunchMode.current() == LaunchMode.NORMAL ? Level.WARN : Level.INFO,
          "access: open, so whoever reaches this port may do everything; sheaf.access.mode=required asks for keys");
    } else if (!oidc) {
      lookForKeys();
    }
  }

  private void requireModule() {
    if (!modules.isOn(ApiKeys.MODULE)) {
      throw new OperatorException(
          "access is required, and the module that keeps the keys is off",
          "set sheaf.modules.access.enabled=true, or sheaf.access.mode=open to let everybody in");
    }
  }

  private void lookForKeys() {
    try {
      if (!keys.isAny()) {
        LOG.warn("access: there is no key yet; make the first: sheaf key create --role admin");
      }
    } catch (SQLException e) {
      // Whether the service can do without the table is for the schema's gate to say.
      LOG.warnf("access: keys cannot be looked at: %s", e.getMessage());
    }
  }
}
