package dev.sheaf.database;

import dev.sheaf.database.LibpqDefaults.Variables;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.eclipse.microprofile.config.Config;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/// The address of a PostgreSQL database, with role and password. `toString` omits the password.
///
/// @param jdbcUrl `jdbc:postgresql://host:port/database?...`, without credentials
/// @param user the role; `null` selects the driver's default
/// @param password the role's password; `null` if none is needed
public record DatabaseAddress(String jdbcUrl, @Nullable String user, @Nullable String password) {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  public DatabaseAddress {
    if (Driver.parseURL(jdbcUrl, null) == null) {
      throw new OperatorException(
          "not an address of a PostgreSQL database: " + withoutQuery(jdbcUrl),
          "expected jdbc:postgresql://host:port/database");
    }
    PostgresUrl.requireSslMode(parsed(jdbcUrl, PGProperty.SSL_MODE));
  }

  /// Parses `postgres://user:password@host:port/database?sslmode=...` (or `postgresql://`, or the
  /// driver's `jdbc:postgresql://`), the format of `DATABASE_URL` on most platforms, with the
  /// parameters of libpq. User, password and database are percent-decoded.
  ///
  /// @throws OperatorException if the URL is malformed or has an unknown parameter; the message
  ///   does not contain the credentials
  public static DatabaseAddress parse(String url) {
    return PostgresUrl.parse(url, null);
  }

  /// The same, completed as `psql` does by the variables `PG...` of the environment and of `.env`.
  public static DatabaseAddress parse(String url, Config settings) {
    return parse(url, name -> settings.getOptionalValue(name, String.class).orElse(null));
  }

  /// The same, completed as `psql` does: `service=NAME` and the variables `PG...` supply what the
  /// URL does not say.
  static DatabaseAddress parse(String url, Variables variables) {
    return PostgresUrl.parse(url, variables);
  }

  /// Builds an address from the values of `DB_HOST`, `DB_PORT`, `DB_NAME`, `DB_USER`,
  /// `DB_PASSWORD`.
  public static DatabaseAddress of(
      String host, String port, String database, @Nullable String user, @Nullable String password) {
    PostgresUrl.requireNetwork(host);
    try {
      return new DatabaseAddress(
          PostgresUrl.jdbcUrl(host + ":" + Integer.parseInt(port), database, ""), user, password);
    } catch (NumberFormatException e) {
      throw new OperatorException(
          "invalid port: " + port, "set DB_PORT to a number, such as 5432", e);
    }
  }

  /// The address of another database on the same server, with the same role.
  public DatabaseAddress withDatabase(String database) {
    int question = jdbcUrl.indexOf('?');
    String query = question < 0 ? "" : jdbcUrl.substring(question);
    return new DatabaseAddress(PostgresUrl.jdbcUrl(server(), database, query), user, password);
  }

  /// The same address without a current schema of its own.
  public DatabaseAddress withoutSchema() {
    return new DatabaseAddress(
        jdbcUrl.replaceFirst("(?<=[?&])currentSchema=[^&]*&?", "").replaceFirst("[?&]$", ""),
        user,
        password);
  }

  /// The host name or IP address; several are separated by commas.
  public String host() {
    return parsed(PGProperty.PG_HOST);
  }

  /// One port for each host.
  public String port() {
    return parsed(PGProperty.PG_PORT);
  }

  /// `host:port`; several are separated by commas.
  public String server() {
    String[] hosts = host().split(",", -1);
    String[] ports = port().split(",", -1);
    return IntStream.range(0, hosts.length)
        .mapToObj(i -> hosts[i] + ":" + ports[i])
        .collect(Collectors.joining(","));
  }

  public String database() {
    return parsed(PGProperty.PG_DBNAME);
  }

  /// Opens a connection outside of the pool. It may be idle for any time, whatever
  /// `idle_session_timeout` the role or the database has.
  ///
  /// @param applicationName the name in `pg_stat_activity`
  /// @throws OperatorException if the server cannot be reached or rejects the connection, with the
  ///   cause
  public Connection open(String applicationName) {
    return open(applicationName, SessionTimeouts::allowIdle);
  }

  /// The same, without any time limit that the role or the database has: for work that takes as
  /// long as it takes. Not through a transaction pooler, where other clients would get these
  /// settings.
  public Connection openWithoutLimits(String applicationName) {
    return open(applicationName, SessionTimeouts::removeAll);
  }

  private interface Preparation {
    void of(Connection connection) throws SQLException;
  }

  private Connection open(String applicationName, Preparation preparation) {
    Properties properties = new Properties();
    if (user != null) {
      PGProperty.USER.set(properties, user);
    }
    if (password != null) {
      PGProperty.PASSWORD.set(properties, password);
    }
    PGProperty.APPLICATION_NAME.set(properties, applicationName);
    // The name is sent with the startup message. A name that is set later would not survive
    // DISCARD ALL.
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "9.0");
    PGProperty.CONNECT_TIMEOUT.set(properties, (int) CONNECT_TIMEOUT.toSeconds());
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    // Migrations run each statement once; a prepared statement would be a wasted round trip.
    PGProperty.PREPARE_THRESHOLD.set(properties, 0);
    // A statement without parameters is sent as it stands. Otherwise the driver takes it apart by
    // rules of its own, which are not quite the server's.
    PGProperty.PREFER_QUERY_MODE.set(properties, "extendedForPrepared");
    try {
      Connection connection = new Driver().connect(jdbcUrl, properties);
      if (connection == null) {
        throw new IllegalStateException("the driver does not know its own URL");
      }
      try {
        preparation.of(connection);
      } catch (SQLException e) {
        try (connection) {
          throw e;
        }
      }
      return connection;
    } catch (SQLException e) {
      throw SqlErrorMessage.connecting(this, e);
    }
  }

  /// Checks that a connection can be opened.
  ///
  /// @throws OperatorException if not, with the cause
  public void probe() {
    try (Connection connection = open("sheaf " + ProcessIdentity.NAME)) {
      connection.getMetaData();
    } catch (SQLException e) {
      throw SqlErrorMessage.connecting(this, e);
    }
  }

  /// `user@host:port/database`, or `host:port/database` without a role.
  @Override
  public String toString() {
    String place = server() + "/" + database();
    return user == null ? place : user + "@" + place;
  }

  private String parsed(PGProperty property) {
    return parsed(jdbcUrl, property);
  }

  private static String parsed(String jdbcUrl, PGProperty property) {
    Properties properties = Driver.parseURL(jdbcUrl, null);
    String value = properties == null ? null : property.getOrDefault(properties);
    return value == null ? "" : value;
  }

  private static String withoutQuery(String url) {
    int question = url.indexOf('?');
    return question < 0 ? url : url.substring(0, question);
  }

  /// The configured database: `jdbcUrl` if it is set, otherwise the datasource's URL.
  ///
  /// @throws OperatorException if no database is configured
  public static DatabaseAddress configured(Config settings, Optional<String> jdbcUrl) {
    return ifConfigured(settings, jdbcUrl)
        .orElseThrow(() ->
            new OperatorException(
                "no database is configured",
                "set DATABASE_URL=postgres://user:password@host:port/database"));
  }

  /// The configured database, or empty if none is configured.
  public static Optional<DatabaseAddress> ifConfigured(Config settings, Optional<String> jdbcUrl) {
    return jdbcUrl
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
