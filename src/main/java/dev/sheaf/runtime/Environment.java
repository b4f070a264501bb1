package dev.sheaf.runtime;

import org.eclipse.microprofile.config.Config;

/// The environment that the process runs in, as configured.
public final class Environment {

  private Environment() {}

  /// Whether `sheaf.environment` is `production`, where a downgrade must be approved.
  public static boolean isProduction(Config settings) {
    return settings
        .getOptionalValue("sheaf.environment", String.class)
        .filter("production"::equals)
        .isPresent();
  }
}
