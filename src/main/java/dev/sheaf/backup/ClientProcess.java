package dev.sheaf.backup;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.runtime.OperatorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/// `pg_dump` or `pg_restore` while it runs. Where to connect, as whom and with which password
/// stands in its environment, which only its own user can read; its arguments are for everybody.
///
/// Its data goes through pipes, so that it ends when this process does, however that ends.
final class ClientProcess implements AutoCloseable {

  /// What libpq calls what the JDBC URL says about TLS and the session.
  private static final Map<PGProperty, String> SETTINGS =
      Map.of(
          PGProperty.SSL_MODE, "PGSSLMODE",
          PGProperty.SSL_ROOT_CERT, "PGSSLROOTCERT",
          PGProperty.SSL_CERT, "PGSSLCERT",
          PGProperty.SSL_KEY, "PGSSLKEY",
          PGProperty.OPTIONS, "PGOPTIONS");

  private final ClientProgram program;
  private final Process process;
  private final Thread errors;
  private final List<String> problems = new ArrayList<>();

  private ClientProcess(ClientProgram program, Process process, Consumer<String> line) {
    this.program = program;
    this.process = process;
    this.errors =
        Thread.ofPlatform()
            .daemon()
            .name(program.path().getFileName() + " messages")
            .start(() -> listen(line));
  }

  /// Starts it.
  ///
  /// @param address the database it works on; `null` when it needs none
  /// @param options settings of its session, as in `-c name=value`; empty for none
  /// @param line hears what it says, line by line
  static ClientProcess start(
      ClientProgram program,
      List<String> arguments,
      @Nullable DatabaseAddress address,
      String options,
      Consumer<String> line) {
    List<String> command = new ArrayList<>();
    command.add(program.path().toString());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    environment(builder.environment(), address, options);
    try {
      return new ClientProcess(program, builder.start(), line);
    } catch (IOException e) {
      throw new OperatorException(program.path() + " cannot be started: " + e.getMessage(), "", e);
    }
  }

  private static void environment(
      Map<String, String> environment, @Nullable DatabaseAddress address, String options) {
    // Whatever libpq would read could lead elsewhere. A file of passwords, the driver reads as
    // well.
    environment.keySet().removeIf(name -> name.startsWith("PG") && !name.equals("PGPASSFILE"));
    environment.put("LC_ALL", "C"); // Its words are read here.
    if (address == null) {
      return;
    }
    environment.put(
        "PGHOST", address.host().replaceAll("[\\[\\]]", "")); // Of an IPv6 address, as in a URL.
    environment.put("PGPORT", address.port());
    environment.put("PGDATABASE", address.database());
    environment.put("PGAPPNAME", "sheaf backup");
    environment.put("PGCONNECT_TIMEOUT", "10");
    if (address.user() != null) {
      environment.put("PGUSER", address.user());
    }
    if (address.password() != null) {
      environment.put("PGPASSWORD", address.password());
    }
    Properties url = Driver.parseURL(address.jdbcUrl(), null);
    if (url != null) {
      if (Boolean.parseBoolean(PGProperty.SSL.getOrNull(url))) {
        environment.put(
            "PGSSLMODE", "verify-full"); // Which is what the driver takes `ssl=true` for.
      }
      String target = PGProperty.TARGET_SERVER_TYPE.getOrNull(url);
      if ("primary".equals(target)) {
        environment.put("PGTARGETSESSIONATTRS", target); // libpq has other words for the others.
      }
      SETTINGS.forEach((property, name) -> {
        String value = property.getOrNull(url);
        if (value != null) {
          environment.put(name, value);
        }
      });
    }
    if (!options.isEmpty()) {
      environment.merge("PGOPTIONS", options, (one, other) -> one + " " + other);
    }
  }

  private void listen(Consumer<String> line) {
    String complaint = program.path().getFileName() + ": error: ";
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        if (text.startsWith(complaint)) {
          synchronized (problems) {
            problems.add(text.substring(complaint.length()));
          }
        } else {
          line.accept(text);
        }
      }
    } catch (IOException _) {
      // It has ended; how, its exit code says.
    }
  }

  InputStream output() {
    return process.getInputStream();
  }

  OutputStream input() {
    return process.getOutputStream();
  }

  /// Whether it has ended, and not well.
  boolean failed() {
    return !process.isAlive() && process.exitValue() != 0;
  }

  /// Waits for its end.
  ///
  /// @param what it was for, to say what failed
  /// @throws OperatorException when it failed, with its own first complaint
  void await(String what) {
    int exit;
    try {
      exit = process.waitFor();
      errors.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException(what + " was interrupted", "", e);
    }
    if (exit != 0) {
      throw new OperatorException(what + " failed: " + problem(exit), "");
    }
  }

  private String problem(int exit) {
    String name = String.valueOf(program.path().getFileName());
    synchronized (problems) {
      // Only the first: what follows may be a statement, or a line of somebody's data.
      return problems.isEmpty()
          ? name + (exit > 128 ? " was killed" : " gave up with exit code " + exit)
          : name + ": " + problems.getFirst().strip();
    }
  }

  /// Ends it, if it still runs.
  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    kill();
  }
}
