package dev.sheaf.database;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/// Reads the database's address from
/// `DATABASE_URL=postgres://user:password@host:port/database?...`, or from `DB_HOST`, `DB_PORT`,
/// `DB_NAME`, `DB_USER` and `DB_PASSWORD`. Quarkus's own `quarkus.datasource.jdbc.url` takes
/// precedence.
public final class DatabaseUrlConfigSourceFactory implements ConfigSourceFactory {

  private static final String URL = "quarkus.datasource.jdbc.url";

  /// Lower than every source in which Quarkus's own settings can be set.
  private static final int ORDINAL = 200;

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    ConfigValue own = context.getValue(URL);
    // Below ORDINAL is what an earlier call of this method said while Quarkus built the
    // application.
    if (own != null && own.getConfigSourceOrdinal() > ORDINAL) {
      return List.of();
    }
    DatabaseAddress address = address(context);
    if (address == null) {
      return List.of();
    }
    Map<String, String> properties = new HashMap<>();
    properties.put(URL, address.jdbcUrl());
    if (address.user() != null) {
      properties.put("quarkus.datasource.username", address.user());
    }
    if (address.password() != null) {
      properties.put("quarkus.datasource.password", address.password());
    }
    return List.of(new PropertiesConfigSource(properties, "DATABASE_URL", ORDINAL));
  }

  private static @Nullable DatabaseAddress address(ConfigSourceContext context) {
    String url = value(context, "DATABASE_URL");
    if (url != null) {
      return DatabaseAddress.parse(url);
    }
    String host = value(context, "DB_HOST");
    if (host == null) {
      return null;
    }
    String port = value(context, "DB_PORT");
    String name = value(context, "DB_NAME");
    String user = value(context, "DB_USER");
    return DatabaseAddress.of(
        host,
        port == null ? "5432" : port,
        name == null ? "sheaf" : name,
        user,
        value(context, "DB_PASSWORD"));
  }

  private static @Nullable String value(ConfigSourceContext context, String name) {
    ConfigValue value = context.getValue(name);
    return value == null || value.getValue() == null || value.getValue().isBlank()
        ? null
        : value.getValue();
  }

  @Override
  public OptionalInt getPriority() {
    return OptionalInt.of(ORDINAL);
  }
}
