package dev.sheaf.runtime;

import org.eclipse.microprofile.config.Config;

/// What the settings say about the place where this runs.
public final class Environment {

  private Environment() {}

  /// Whether `sheaf.environment` is `production`, where going down has to be approved.
  public static boolean isProduction(Config settings) {
    return settings
        .getOptionalValue("sheaf.environment", String.class)
        .filter("production"::equals)
        .isPresent();
  }
}
