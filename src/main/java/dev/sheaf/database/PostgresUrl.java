package dev.sheaf.database;

import dev.sheaf.database.LibpqDefaults.Variables;
import dev.sheaf.runtime.OperatorException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

/// Parses connection URLs as libpq does ("Connection URIs" in the manual of PostgreSQL), and
/// translates its parameters to those of the driver. No message contains a part of the URL that can
/// belong to a password.
final class PostgresUrl {

  private static final String DEFAULT_PORT = "5432";

  private static final Pattern SCHEME = Pattern.compile("(?s)(jdbc:)?(postgres(?:ql)?)://(.*)");
  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[\\p{L}\\p{N}._-]*)(?::(.*))?", Pattern.DOTALL);

  private static final Set<String> SSL_MODES =
      Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

  /// Parameters of libpq that the driver knows by another name.
  private static final Map<String, PGProperty> TRANSLATED =
      Map.of(
          "application_name", PGProperty.APPLICATION_NAME,
          "channel_binding", PGProperty.CHANNEL_BINDING,
          "connect_timeout", PGProperty.CONNECT_TIMEOUT,
          "gssencmode", PGProperty.GSS_ENC_MODE,
          "krbsrvname", PGProperty.KERBEROS_SERVER_NAME);

  /// Values of `target_session_attrs`.
  private static final Map<String, String> SERVER_TYPES =
      Map.of(
          "any", "any",
          "read-write", "primary",
          "primary", "primary",
          "read-only", "secondary",
          "standby", "secondary",
          "prefer-standby", "preferSecondary");

  /// What other tools take for a parameter, and what to write here.
  private static final Map<String, String> INSTEAD =
      Map.of(
          "search_path", "write currentSchema=NAME",
          "schema", "write currentSchema=NAME",
          "passfile", "set PGPASSFILE",
          "service", "set PGSERVICE, or write host, port and database");

  private static final Set<String> ADDRESS =
      Set.of("user", "password", "dbname", "host", "port", "hostaddr");

  private PostgresUrl() {}

  /// Parses a URL.
  ///
  /// @param variables the environment variables that complete it, as they do for `psql`; `null` for
  ///   none, and no service file
  /// @throws OperatorException if it is malformed, or has a parameter that would be ignored
  static DatabaseAddress parse(String text, @Nullable Variables variables) {
    Matcher scheme = SCHEME.matcher(text.strip());
    if (!scheme.matches()) {
      Matcher other = Pattern.compile("(?:jdbc:)?[a-z0-9+.-]+(?=://)").matcher(text.strip());
      throw malformed(
          other.lookingAt() ? "it starts with " + other.group() + ":" : "it is not a URL");
    }
    String rest = scheme.group(3);
    @Nullable String user = null;
    @Nullable String password = null;
    int at = rest.indexOf('@');
    int slash = rest.indexOf('/');
    if (at >= 0 && (slash < 0 || at < slash)) {
      String credentials = rest.substring(0, at);
      int colon = credentials.indexOf(':');
      user = decode(colon < 0 ? credentials : credentials.substring(0, colon));
      password = colon < 0 ? null : decode(credentials.substring(colon + 1));
      rest = rest.substring(at + 1);
    }
    int question = rest.indexOf('?');
    Map<String, String> parameters = parameters(question < 0 ? "" : rest.substring(question + 1));
    String place = question < 0 ? rest : rest.substring(0, question);
    slash = place.indexOf('/');
    if (slash >= 0 && slash < place.length() - 1) {
      parameters.putIfAbsent("dbname", decode(place.substring(slash + 1)));
    }
    if (user != null) {
      parameters.putIfAbsent("user", user);
    }
    if (password != null) {
      parameters.putIfAbsent("password", password);
    }
    Map<String, String> defaults =
        variables == null
            ? new LinkedHashMap<>()
            : LibpqDefaults.of(variables, parameters.remove("service"));
    return address(slash < 0 ? place : place.substring(0, slash), parameters, defaults);
  }

  /// The address that the environment names.
  ///
  /// @throws OperatorException if it is not complete, or has a parameter that would be ignored
  static DatabaseAddress of(Variables variables) {
    Map<String, String> parameters = LibpqDefaults.of(variables, null);
    if (!parameters.containsKey("dbname")) {
      throw new OperatorException(
          "the environment names a server of PostgreSQL, but no database", "set PGDATABASE");
    }
    if (!parameters.containsKey("host") && !parameters.containsKey("hostaddr")) {
      throw new OperatorException(
          "the environment names a service of PostgreSQL, but no host", "set PGHOST");
    }
    return address("", new LinkedHashMap<>(), parameters);
  }

  /// @param servers `host:port`, several separated by commas; empty if the parameters have them
  /// @param given the parameters of the URL
  /// @param defaults parameters that it does not have to have
  private static DatabaseAddress address(
      String servers, Map<String, String> given, Map<String, String> defaults) {
    if (!servers.isEmpty() || given.containsKey("host") || given.containsKey("hostaddr")) {
      defaults.remove("host");
      defaults.remove("hostaddr");
    }
    Map<String, String> parameters = new LinkedHashMap<>(given);
    defaults.forEach(parameters::putIfAbsent);
    @Nullable String database = parameters.get("dbname");
    String hosts =
        servers.isEmpty()
            ? servers(parameters)
            : hosts(servers, parameters.getOrDefault("port", DEFAULT_PORT));
    if (database == null || database.isEmpty()) {
      throw malformed("it has no database");
    }
    @Nullable String user = parameters.get("user");
    @Nullable String password = parameters.get("password");
    parameters.keySet().removeAll(ADDRESS);
    return new DatabaseAddress(jdbcUrl(hosts, database, query(parameters)), user, password);
  }

  /// @param server one or more `host:port`, separated by commas
  static String jdbcUrl(String server, String database, String query) {
    return "jdbc:postgresql://"
        + server
        + "/"
        + URLEncoder.encode(database, StandardCharsets.UTF_8)
        + query;
  }

  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String parameter : query.split("&", -1)) {
      if (!parameter.isEmpty()) {
        int equals = parameter.indexOf('=');
        if (equals < 0) {
          throw malformed("a parameter has no value");
        }
        parameters.put(
            decode(parameter.substring(0, equals)), decode(parameter.substring(equals + 1)));
      }
    }
    return parameters;
  }

  private static String servers(Map<String, String> parameters) {
    String host = parameters.getOrDefault("hostaddr", parameters.getOrDefault("host", ""));
    if (host.isEmpty()) {
      throw malformed("it has no host");
    }
    String servers =
        Arrays.stream(host.split(",", 0))
            .map(PostgresUrl::requireNetwork)
            .map(name -> name.contains(":") ? "[" + name + "]" : name)
            .collect(Collectors.joining(","));
    return hosts(servers, parameters.getOrDefault("port", DEFAULT_PORT));
  }

  /// Rejects the directory of a Unix-domain socket.
  ///
  /// @return the host
  static String requireNetwork(String host) {
    if (host.startsWith("/") || host.startsWith("@")) {
      throw new OperatorException(
          "the address of the database is a Unix-domain socket, which is not supported",
          "connect through TCP, such as host localhost; pg_hba.conf must let the role log in there, with a password");
    }
    return host;
  }

  /// @param ports of the hosts that say none; the last one is that of all further hosts
  private static String hosts(String servers, String ports) {
    List<String> hosts = new ArrayList<>();
    String[] defaults = ports.split(",", 0);
    for (String server : servers.split(",", -1)) {
      if (server.regionMatches(true, 0, "%2F", 0, 3) || server.startsWith("%40")) {
        requireNetwork(decode(server));
      }
      Matcher host = HOST.matcher(server);
      if (!host.matches()) {
        throw malformed("its host contains a character that no host name has");
      }
      if (host.group(1).isEmpty()) {
        throw malformed("it has no host");
      }
      String port =
          host.group(2) == null
              ? defaults[Math.min(hosts.size(), defaults.length - 1)]
              : host.group(2);
      if (!port.matches("\\d{1,5}")) {
        throw malformed("its port is not a number");
      }
      hosts.add(host.group(1) + ":" + port);
    }
    return String.join(",", hosts);
  }

  private static String query(Map<String, String> parameters) {
    return parameters.isEmpty()
        ? ""
        : parameters.entrySet().stream()
            .map(parameter -> parameter("DATABASE_URL", parameter.getKey(), parameter.getValue()))
            .collect(Collectors.joining("&", "?", ""));
  }

  /// Rejects a parameter that would be ignored.
  ///
  /// @param source where it is set
  static void requireKnown(String source, String name, String value) {
    if (!ADDRESS.contains(name)) {
      parameter(source, name, value);
    }
  }

  private static String parameter(String source, String name, String value) {
    if (name.equals("sslmode") && !SSL_MODES.contains(value)) {
      throw unsupported(
          source, "sslmode=" + value, "the modes are " + SSL_MODES.stream().sorted().toList());
    }
    if (name.equals("sslrootcert") && value.equals("system")) {
      return argument(PGProperty.SSL_FACTORY.getName(), "org.postgresql.ssl.DefaultJavaSSLFactory");
    }
    if (name.equals("target_session_attrs")) {
      @Nullable String type = SERVER_TYPES.get(value);
      if (type == null) {
        throw unsupported(
            source,
            name + "=" + value,
            "its values are " + SERVER_TYPES.keySet().stream().sorted().toList());
      }
      return argument(PGProperty.TARGET_SERVER_TYPE.getName(), type);
    }
    if (name.equals("load_balance_hosts")) {
      return argument(
          PGProperty.LOAD_BALANCE_HOSTS.getName(), Boolean.toString(value.equals("random")));
    }
    if (name.equals("keepalives")) {
      return argument(PGProperty.TCP_KEEP_ALIVE.getName(), Boolean.toString(!value.equals("0")));
    }
    @Nullable PGProperty translated = TRANSLATED.get(name);
    if (translated != null) {
      return argument(translated.getName(), value);
    }
    if (PGProperty.forName(name) == null || name.equals("service")) {
      throw unsupported(
          source,
          name,
          INSTEAD.getOrDefault(
              name, "remove it; a setting of the server is written options=-c%20NAME%3DVALUE"));
    }
    return argument(name, value);
  }

  private static String argument(String name, String value) {
    return name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  private static String decode(String text) {
    try {
      // URLDecoder reads a plus as a space, which it is in forms only.
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw malformed("a % in it is not followed by two hexadecimal digits");
    }
  }

  /// Rejects a value of `sslmode` that the driver does not know.
  ///
  /// @param mode the value; empty if there is none
  static void requireSslMode(String mode) {
    if (!mode.isEmpty() && !SSL_MODES.contains(mode.toLowerCase(Locale.ROOT))) {
      throw new OperatorException(
          "the address of the database has sslmode=" + mode + ", which does not exist",
          "the modes are " + SSL_MODES.stream().sorted().toList());
    }
  }

  private static OperatorException unsupported(String source, String parameter, String hint) {
    return new OperatorException(
        source + " is invalid: the parameter " + parameter + " is not supported", hint);
  }

  private static OperatorException malformed(String why) {
    return new OperatorException(
        "DATABASE_URL is invalid: " + why,
        "expected postgres://user:password@host:port/database?sslmode=...;"
            + " in a password, write @ : / ? # % as %40 %3A %2F %3F %23 %25");
  }
}
