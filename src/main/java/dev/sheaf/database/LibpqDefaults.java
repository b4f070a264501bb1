package dev.sheaf.database;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What `psql` adds to an address that is not complete: a service of `pg_service.conf`, and the
/// environment variables `PG...` ("Environment Variables" and "The Connection Service File" in the
/// manual of PostgreSQL).
final class LibpqDefaults {

  private static final SortedMap<String, String> PARAMETERS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("PGHOST", "host"),
              Map.entry("PGHOSTADDR", "hostaddr"),
              Map.entry("PGPORT", "port"),
              Map.entry("PGDATABASE", "dbname"),
              Map.entry("PGUSER", "user"),
              Map.entry("PGPASSWORD", "password"),
              Map.entry("PGSSLMODE", "sslmode"),
              Map.entry("PGSSLROOTCERT", "sslrootcert"),
              Map.entry("PGSSLCERT", "sslcert"),
              Map.entry("PGSSLKEY", "sslkey"),
              Map.entry("PGCHANNELBINDING", "channel_binding"),
              Map.entry("PGGSSENCMODE", "gssencmode"),
              Map.entry("PGKRBSRVNAME", "krbsrvname"),
              Map.entry("PGTARGETSESSIONATTRS", "target_session_attrs"),
              Map.entry("PGLOADBALANCEHOSTS", "load_balance_hosts"),
              Map.entry("PGCONNECT_TIMEOUT", "connect_timeout"),
              Map.entry("PGAPPNAME", "application_name"),
              Map.entry("PGOPTIONS", "options")));

  private LibpqDefaults() {}

  /// The environment, or what a test has in its place.
  @FunctionalInterface
  interface Variables {
    /// The value of a variable; `null` if it is not set.
    @Nullable String value(String name);
  }

  /// Whether the environment names a server.
  static boolean nameServer(Variables variables) {
    return variables.value("PGSERVICE") != null
        || variables.value("PGHOST") != null
        || variables.value("PGHOSTADDR") != null;
  }

  /// The parameters of a service and of the environment, by the names that libpq gives them. The
  /// service prevails.
  ///
  /// @param named the service that the address names; `null` if it names none
  /// @throws OperatorException if no file has the service, or a parameter is not supported
  static Map<String, String> of(Variables variables, @Nullable String named) {
    @Nullable String service = named == null ? variables.value("PGSERVICE") : named;
    Map<String, String> parameters =
        service == null ? new LinkedHashMap<>() : service(variables, service);
    PARAMETERS.forEach((variable, parameter) -> {
      @Nullable String value = variables.value(variable);
      if (value != null && !parameters.containsKey(parameter)) {
        PostgresUrl.requireKnown(variable, parameter, value);
        parameters.put(parameter, value);
      }
    });
    return parameters;
  }

  private static Map<String, String> service(Variables variables, String service) {
    @Nullable String named = variables.value("PGSERVICEFILE");
    @Nullable String directory = variables.value("PGSYSCONFDIR");
    List<Path> files = new ArrayList<>();
    try {
      files.add(
          named == null
              ? Path.of(System.getProperty("user.home"), ".pg_service.conf")
              : Path.of(named));
      files.add(
          Path.of(directory == null ? "/etc/postgresql-common" : directory, "pg_service.conf"));
      for (Path file : files) {
        if (Files.exists(file)) {
          @Nullable Map<String, String> found = read(file, service);
          if (found != null) {
            return found;
          }
        }
      }
    } catch (IOException | InvalidPathException e) {
      throw new OperatorException(
          "cannot read the service file: " + e.getMessage(), "make it a readable file", e);
    }
    throw new OperatorException(
        "the service " + service + " of the database is not defined",
        "add a section [%s] to %s, or set PGSERVICEFILE".formatted(service, files.getFirst()));
  }

  /// @return `null` if the file has no such section
  private static @Nullable Map<String, String> read(Path file, String service) throws IOException {
    @Nullable Map<String, String> section = null;
    for (String line : Files.readAllLines(file)) {
      String text = line.strip();
      if (text.startsWith("[")) {
        if (section != null) {
          return section;
        }
        section = text.equals("[" + service + "]") ? new LinkedHashMap<>() : null;
      } else if (section != null && !text.isEmpty() && !text.startsWith("#")) {
        int equals = text.indexOf('=');
        if (equals < 0) {
          throw new OperatorException(
              file + ": a line of [" + service + "] has no =", "write it as NAME=VALUE");
        }
        String name = text.substring(0, equals).strip();
        String value = text.substring(equals + 1).strip();
        PostgresUrl.requireKnown(file + ", [" + service + "]", name, value);
        section.putIfAbsent(name, value);
      }
    }
    return section;
  }
}
