package dev.sheaf.schema;

import java.util.Optional;
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

  /// The database whose schema is meant: `sheaf.schema.jdbc-url` if there is one, else the
  /// datasource's.
  ///
  /// @throws SchemaException when none is configured
  public static DatabaseAddress database(Config settings, SchemaConfig config) {
    return databaseIfConfigured(settings, config)
        .orElseThrow(() ->
            new SchemaException(
                "no database is configured",
                "set DATABASE_URL=postgres://user:password@host:port/database"));
  }

  /// The same; empty when none is configured.
  public static Optional<DatabaseAddress> databaseIfConfigured(
      Config settings, SchemaConfig config) {
    return config
        .jdbcUrl()
        .or(() -> settings.getOptionalValue("quarkus.datasource.jdbc.url", String.class))
        .map(url ->
            new DatabaseAddress(
                url,
                settings.getOptionalValue("quarkus.datasource.username", String.class).orElse(null),
                settings
                    .getOptionalValue("quarkus.datasource.password", String.class)
                    .orElse(null)));
  }
}
