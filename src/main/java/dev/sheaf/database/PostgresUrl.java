package dev.sheaf.database;

import dev.sheaf.runtime.OperatorException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
          "passfile", "set DB_PASSWORD_FILE to a file that contains only the password");

  private PostgresUrl() {}

  /// Parses a URL.
  ///
  /// @throws OperatorException if it is malformed, or has a parameter that would be ignored
  static DatabaseAddress parse(String text) {
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
    String database = slash < 0 ? "" : decode(place.substring(slash + 1));
    user = parameters.getOrDefault("user", user);
    password = parameters.getOrDefault("password", password);
    database = parameters.getOrDefault("dbname", database);
    String servers = slash < 0 ? place : place.substring(0, slash);
    if (servers.isEmpty()) {
      servers = servers(parameters);
    }
    if (database.isEmpty()) {
      throw malformed("it has no database");
    }
    List.of("user", "password", "dbname", "host", "port", "hostaddr").forEach(parameters::remove);
    return new DatabaseAddress(
        jdbcUrl(hosts(servers), database, query(parameters)), user, password);
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
    if (host.startsWith("/")) {
      throw malformed("its host is the directory of a Unix-domain socket, which Java cannot use");
    }
    String[] hosts = host.split(",", 0);
    String[] ports = parameters.getOrDefault("port", DEFAULT_PORT).split(",", 0);
    List<String> servers = new ArrayList<>();
    for (int i = 0; i < hosts.length; i++) {
      String name = hosts[i].contains(":") ? "[" + hosts[i] + "]" : hosts[i];
      servers.add(name + ":" + ports[Math.min(i, ports.length - 1)]);
    }
    return String.join(",", servers);
  }

  private static String hosts(String servers) {
    List<String> hosts = new ArrayList<>();
    for (String server : servers.split(",", -1)) {
      Matcher host = HOST.matcher(server);
      if (!host.matches()) {
        throw malformed("its host contains a character that no host name has");
      }
      if (host.group(1).isEmpty()) {
        throw malformed("it has no host");
      }
      @Nullable String port = host.group(2);
      if (port != null && !port.matches("\\d{1,5}")) {
        throw malformed("its port is not a number");
      }
      hosts.add(host.group(1) + ":" + (port == null ? DEFAULT_PORT : port));
    }
    return String.join(",", hosts);
  }

  private static String query(Map<String, String> parameters) {
    return parameters.isEmpty()
        ? ""
        : parameters.entrySet().stream()
            .map(parameter -> parameter(parameter.getKey(), parameter.getValue()))
            .collect(Collectors.joining("&", "?", ""));
  }

  private static String parameter(String name, String value) {
    if (name.equals("sslmode") && !SSL_MODES.contains(value)) {
      throw unsupported(
          "sslmode=" + value, "the modes are " + SSL_MODES.stream().sorted().toList());
    }
    if (name.equals("sslrootcert") && value.equals("system")) {
      return argument(PGProperty.SSL_FACTORY.getName(), "org.postgresql.ssl.DefaultJavaSSLFactory");
    }
    if (name.equals("target_session_attrs")) {
      @Nullable String type = SERVER_TYPES.get(value);
      if (type == null) {
        throw unsupported(
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
    if (PGProperty.forName(name) == null) {
      throw unsupported(
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

  private static OperatorException unsupported(String parameter, String hint) {
    return new OperatorException(
        "DATABASE_URL is invalid: the parameter " + parameter + " is not supported", hint);
  }

  private static OperatorException malformed(String why) {
    return new OperatorException(
        "DATABASE_URL is invalid: " + why,
        "expected postgres://user:password@host:port/database?sslmode=...;"
            + " in a password, write @ : / ? # % as %40 %3A %2F %3F %23 %25");
  }
}
