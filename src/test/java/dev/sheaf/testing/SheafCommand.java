package dev.sheaf.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/// Runs one command of the built application as a process, as users do, so that tests can kill it
/// and run many concurrently.
///
/// stdout and stderr are read as one stream, in the order in which they were written.
public final class SheafCommand implements AutoCloseable {

  private final Process process;
  private final Thread reader;
  private final Queue<String> said = new ConcurrentLinkedQueue<>();

  private SheafCommand(ProcessBuilder builder) throws IOException {
    process = builder.redirectErrorStream(true).start();
    reader = Thread.ofVirtual().start(this::read);
  }

  /// Starts the command on a database.
  ///
  /// @param settings additional configuration, as system properties
  /// @param arguments the command and its options
  public static SheafCommand start(
      TestDatabase database, Map<String, String> settings, String... arguments) throws IOException {
    return start(Path.of(""), database, settings, arguments);
  }

  /// Starts the command in a directory.
  public static SheafCommand start(
      Path directory, TestDatabase database, Map<String, String> settings, String... arguments)
      throws IOException {
    // Up to twenty of these processes run concurrently.
    List<String> command =
        SheafProcess.java("-Xmx96m", "-XX:SharedArchiveFile=" + SheafProcess.SharedClasses.ARCHIVE);
    settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.addAll(List.of("-jar", System.getProperty("sheaf.jar")));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toAbsolutePath().toFile());
    builder.environment().remove("DATABASE_URL");
    builder.environment().put("QUARKUS_DATASOURCE_JDBC_URL", database.address().jdbcUrl());
    builder
        .environment()
        .put("QUARKUS_DATASOURCE_USERNAME", String.valueOf(database.address().user()));
    builder
        .environment()
        .put("QUARKUS_DATASOURCE_PASSWORD", String.valueOf(database.address().password()));
    return new SheafCommand(builder);
  }

  private void read() {
    try (var output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        said.add(line);
      }
    } catch (IOException | UncheckedIOException e) {
      // The stream of a killed process is closed.
      said.add(e.toString());
    }
  }

  /// The output so far.
  public List<String> said() {
    return List.copyOf(said);
  }

  public boolean isRunning() {
    return process.isAlive();
  }

  /// Waits until the process has ended and all output was read.
  ///
  /// @return the exit code
  public int await() throws InterruptedException {
    int exit = process.waitFor();
    reader.join();
    return exit;
  }

  /// Kills the process with `kill -9` after `delay`, unless it ends before.
  ///
  /// @return whether the process was killed
  public boolean killAfter(Duration delay) throws InterruptedException {
    boolean ended = process.waitFor(delay.toNanos(), TimeUnit.NANOSECONDS);
    close();
    return !ended;
  }

  /// Kills the process with `kill -9` if it is still running.
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
