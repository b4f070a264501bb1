package dev.sheaf.database;

import dev.sheaf.database.LibpqDefaults.Variables;
import dev.sheaf.runtime.OperatorException;
import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.Expressions;
import io.smallrye.config.common.MapBackedConfigSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/// Reads the database's address from `DATABASE_URL=postgres://user:password@host:port/database?...`
/// or `DB_URL`, or from `DB_HOST`, `DB_PORT`, `DB_NAME`, `DB_USER` and `DB_PASSWORD`. URL and
/// password can also be in files, which `DATABASE_URL_FILE` and `DB_PASSWORD_FILE` name.
/// `sheaf.replicas.url` is the address of standbys, in the same form. The environment variables of
/// `psql` complete a URL, and are read if neither is set. All values are literal. Quarkus's own
/// `quarkus.datasource.jdbc.url` takes precedence, and must name the same database.
public final class DatabaseUrlConfigSourceFactory implements ConfigSourceFactory {

  /// The ordinal of a file that `--config` names. It prevails over the environment.
  public static final int NAMED_FILE = 280;

  /// The ordinal of the variables of the environment.
  private static final int ENVIRONMENT = 300;

  /// The name of the configuration source.
  static final String SOURCE = "DATABASE_URL";

  private static final String ALIAS = "DB_URL";

  private static final String URL = "quarkus.datasource.jdbc.url";

  /// Lower than every source in which Quarkus's own settings can be set.
  private static final int ORDINAL = 200;

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    Map<String, String> properties = new HashMap<>(primary(context));
    properties.putAll(replicas(context, properties));
    return List.of(new Source(properties));
  }

  private static Map<String, String> primary(ConfigSourceContext context) {
    ConfigValue own = context.getValue(URL);
    // Below ORDINAL is what an earlier call of this method said while Quarkus built the
    // application.
    DatabaseAddress address = address(context);
    if (own != null && own.getConfigSourceOrdinal() > ORDINAL) {
      // A file on the command line and system properties are meant for one start.
      if (own.getConfigSourceOrdinal() != NAMED_FILE
          && own.getConfigSourceOrdinal() <= ENVIRONMENT) {
        requireSame(own, address);
      }
      return Map.of();
    }
    Variables variables = variables(context);
    if (address == null && LibpqDefaults.nameServer(variables)) {
      address = PostgresUrl.of(variables);
    }
    return address == null ? Map.of() : properties("quarkus.datasource.", address);
  }

  private static Map<String, String> properties(String prefix, DatabaseAddress address) {
    Map<String, String> properties = new HashMap<>();
    properties.put(prefix + "jdbc.url", address.jdbcUrl());
    if (address.user() != null) {
      properties.put(prefix + "username", address.user());
    }
    if (address.password() != null) {
      properties.put(prefix + "password", address.password());
    }
    return properties;
  }

  /// The pool of [Replicas]. It uses role and password of the primary if the URL has none.
  private static Map<String, String> replicas(
      ConfigSourceContext context, Map<String, String> primary) {
    String prefix = "quarkus.datasource." + Replicas.POOL + ".";
    String url = valueOrFile(context, "sheaf.replicas.url", "SHEAF_REPLICAS_URL_FILE");
    Map<String, String> properties = new HashMap<>();
    properties.put(prefix + "active", String.valueOf(url != null));
    if (url != null) {
      for (String credential : List.of("username", "password")) {
        String name = "quarkus.datasource." + credential;
        String value = primary.getOrDefault(name, value(context, name));
        if (value != null) {
          properties.put(prefix + credential, value);
        }
      }
      properties.putAll(properties(prefix, DatabaseAddress.parse(url)));
    }
    return properties;
  }

  /// Rejects two databases: the application would use one, and the operator may mean the other.
  private static void requireSame(ConfigValue own, @Nullable DatabaseAddress address) {
    if (address == null || own.getValue() == null || own.getValue().isBlank()) {
      return;
    }
    String chosen = place(new DatabaseAddress(own.getValue(), null, null));
    if (!chosen.equals(place(address))) {
      throw new OperatorException(
          "two databases are configured: %s by %s, and %s by DATABASE_URL or DB_HOST"
              .formatted(chosen, own.getName(), place(address)),
          "remove one of them from the environment, or set both to the same database");
    }
  }

  private static String place(DatabaseAddress address) {
    return address.server() + "/" + address.database();
  }

  private static final class Source extends MapBackedConfigSource {
    Source(Map<String, String> properties) {
      super(SOURCE, properties, ORDINAL);
    }
  }

  private static Variables variables(ConfigSourceContext context) {
    return name -> value(context, name);
  }

  private static @Nullable DatabaseAddress address(ConfigSourceContext context) {
    String url = url(context);
    if (url != null) {
      return DatabaseAddress.parse(url, variables(context));
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
        valueOrFile(context, "DB_PASSWORD"));
  }

  /// The URL of `DATABASE_URL`, or of `DB_URL`, which is the same under another usual name.
  private static @Nullable String url(ConfigSourceContext context) {
    String url = valueOrFile(context, SOURCE);
    String alias = value(context, ALIAS);
    if (url != null && alias != null && !url.equals(alias)) {
      throw new OperatorException(
          "DATABASE_URL and DB_URL name different databases", "remove one of them");
    }
    return url == null ? alias : url;
  }

  private static @Nullable String valueOrFile(ConfigSourceContext context, String name) {
    return valueOrFile(context, name, name + "_FILE");
  }

  private static @Nullable String valueOrFile(
      ConfigSourceContext context, String name, String nameOfFile) {
    String value = value(context, name);
    String file = value(context, nameOfFile);
    if (file == null) {
      return value;
    }
    if (value != null) {
      throw new OperatorException(
          "both " + name + " and " + nameOfFile + " are set", "remove one of them");
    }
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException | InvalidPathException e) {
      throw new OperatorException(
          "cannot read " + file, nameOfFile + " must name a readable file", e);
    }
  }

  private static @Nullable String value(ConfigSourceContext context, String name) {
    ConfigValue value = Expressions.withoutExpansion(() -> context.getValue(name));
    return value == null || value.getValue() == null || value.getValue().isBlank()
        ? null
        : value.getValue();
  }

  @Override
  public OptionalInt getPriority() {
    return OptionalInt.of(ORDINAL);
  }
}
