package dev.sheaf.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Runs the built application as a process, as users do, so that tests can kill it.
public final class SheafProcess implements AutoCloseable {

  private static final Pattern LISTENING = Pattern.compile("Listening on: (http://[^\\s\"]+)");

  /// The setting that makes the bundled model the default, for tests that embed texts.
  public static final Map<String, String> BUNDLED_MODEL =
      Map.of("SHEAF_EMBEDDING_MODEL", "bge-small-en-v1.5");

  private static final Pattern TOTAL = Pattern.compile("Total +\\d+ +(\\d+)");

  private final Process process;
  private final Queue<String> log = new ConcurrentLinkedQueue<>();
  private final Thread reader;
  private final URI base;
  private final HttpClient http = HttpClient.newHttpClient();

  private SheafProcess(ProcessBuilder builder) throws IOException {
    process = builder.redirectErrorStream(true).start();
    var listening = new CompletableFuture<URI>();
    reader = Thread.ofVirtual().start(() -> read(listening));
    try {
      base = listening.get(2, TimeUnit.MINUTES);
    } catch (Exception e) {
      process.destroyForcibly();
      throw new IllegalStateException("did not start:\n" + String.join("\n", log), e);
    }
  }

  /// Starts the service on a database, and waits until it listens.
  ///
  /// @param settings additional configuration, as environment variables
  public static SheafProcess start(TestDatabase database, Map<String, String> settings)
      throws IOException {
    return start(database, settings, "512m");
  }

  /// The same with a maximum heap size, as for `-Xmx`.
  public static SheafProcess start(TestDatabase database, Map<String, String> settings, String heap)
      throws IOException {
    ProcessBuilder builder =
        service("-Xmx" + heap, "-XX:SharedArchiveFile=" + SharedClasses.ARCHIVE);
    Map<String, String> environment = builder.environment();
    environment.remove("DATABASE_URL");
    environment.put("QUARKUS_DATASOURCE_JDBC_URL", database.address().jdbcUrl());
    environment.put("QUARKUS_DATASOURCE_USERNAME", String.valueOf(database.address().user()));
    environment.put("QUARKUS_DATASOURCE_PASSWORD", String.valueOf(database.address().password()));
    // Tests of access control override this.
    environment.put("SHEAF_ACCESS_MODE", "open");
    // Loading a model takes as much processor time as a start.
    environment.put("SHEAF_EMBEDDING_MODEL", "none");
    environment.putAll(settings);
    return new SheafProcess(builder);
  }

  private static ProcessBuilder service(String... options) {
    List<String> command = java(options);
    command.addAll(List.of("-Dquarkus.http.port=0", "-Dquarkus.http.host=127.0.0.1"));
    command.addAll(List.of("-jar", System.getProperty("sheaf.jar")));
    return new ProcessBuilder(command);
  }

  /// The start of a command line that runs the built application.
  static List<String> java(String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // The process runs too briefly for the C2 compiler; the collector is that of a small container.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    // Fewer page faults, which are expensive in some virtual machines. Only Linux has the option.
    command.addAll(List.of("-XX:+IgnoreUnrecognizedVMOptions", "-XX:+UseTransparentHugePages"));
    // Not a word about what of the archive it cannot use.
    command.add("-Xlog:disable");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.addAll(List.of(options));
    return command;
  }

  /// The classes of the application in the form in which the JVM keeps them: a start takes half the
  /// processor time.
  static final class SharedClasses {

    static final Path ARCHIVE = create();

    private static Path create() {
      try {
        Path directory = Files.createTempDirectory("sheaf-classes");
        Path archive = directory.resolve("sheaf.jsa");
        ProcessBuilder builder = service("-XX:ArchiveClassesAtExit=" + archive);
        builder
            .environment()
            .putAll(
                Map.of(
                    "SHEAF_SCHEMA_AT_START", "off",
                    "SHEAF_ACCESS_MODE", "open",
                    "DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"));
        var process = new SheafProcess(builder);
        process.send("GET", "/q/health/ready", "");
        process.send("GET", "/q/metrics", "");
        process.terminate();
        process.http.shutdownNow();
        // In reverse order.
        directory.toFile().deleteOnExit();
        archive.toFile().deleteOnExit();
        return archive;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void read(CompletableFuture<URI> listening) {
    try (var output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        log.add(line);
        Matcher matcher = LISTENING.matcher(line);
        if (matcher.find()) {
          listening.complete(URI.create(matcher.group(1)));
        }
      }
    } catch (IOException e) {
      // The stream of a killed process is closed.
      log.add(e.toString());
    } finally {
      listening.completeExceptionally(new IOException("the process ended"));
    }
  }

  /// The URI of a percent-encoded path on this process.
  public URI uri(String path) {
    return base.resolve(path);
  }

  /// Sends a request with a JSON body to a percent-encoded path.
  ///
  /// @throws IOException if the process has ended
  public HttpResponse<String> send(String method, String path, String json)
      throws IOException, InterruptedException {
    return send(method, path, json, Map.of());
  }

  /// The same with additional headers.
  public HttpResponse<String> send(
      String method, String path, String json, Map<String, String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(path))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json));
    headers.forEach(request::setHeader);
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /// Uploads lines of JSON to a path as a stream.
  ///
  /// @throws IOException if the process has ended
  public HttpResponse<String> upload(String path, Map<String, String> headers, InputStream lines)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(path))
            .header("Content-Type", "application/x-ndjson")
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> lines));
    headers.forEach(request::header);
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /// The output so far.
  public List<String> log() {
    return List.copyOf(log);
  }

  /// The size of all live objects on the heap in bytes, after a garbage collection.
  public long liveBytes() throws IOException {
    String last = jcmd("GC.class_histogram").lines().reduce("", (_, line) -> line);
    Matcher total = TOTAL.matcher(last);
    if (!total.matches()) {
      throw new IOException("no histogram, but " + last);
    }
    return Long.parseLong(total.group(1));
  }

  /// The number of threads, including virtual ones.
  public long threads() throws IOException {
    return Pattern.compile("\"tid\"").matcher(threadDump("json")).results().count();
  }

  /// The stacks of all threads, including virtual ones.
  public String threadDump() throws IOException {
    return threadDump("plain");
  }

  private String threadDump(String format) throws IOException {
    Path directory = Files.createTempDirectory("sheaf-threads");
    Path dump = directory.resolve("threads");
    try {
      String said = jcmd("Thread.dump_to_file", "-format=" + format, dump.toString());
      if (Files.notExists(dump)) {
        throw new IOException("no threads, but " + said);
      }
      return Files.readString(dump);
    } finally {
      Files.deleteIfExists(dump);
      Files.delete(directory);
    }
  }

  private String jcmd(String... command) throws IOException {
    var arguments =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                String.valueOf(process.pid())));
    arguments.addAll(List.of(command));
    Process jcmd = new ProcessBuilder(arguments).redirectErrorStream(true).start();
    try (var output = jcmd.inputReader()) {
      return output.readAllAsString();
    }
  }

  /// Kills the process with `kill -9`, so that it cannot clean up.
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  /// Suspends the process, as a full garbage collection or the migration of a virtual machine does.
  public void suspend() throws IOException {
    signal("STOP");
  }

  /// Lets the process go on.
  public void resume() throws IOException {
    signal("CONT");
  }

  private void signal(String name) throws IOException {
    if (!LocalPostgres.signal(name, Stream.of(process.toHandle()))) {
      throw new IOException("no " + name + " for " + process.pid());
    }
  }

  /// Sends SIGTERM, as Kubernetes does, and waits until the process has ended and all output was
  /// read.
  ///
  /// @return the exit code
  public int terminate() throws InterruptedException {
    // Process.destroy() would close the stream before the last output is read.
    process.toHandle().destroy();
    reader.join();
    return process.waitFor();
  }

  /// Stops the process with SIGTERM.
  @Override
  public void close() {
    process.destroy();
    try {
      process.onExit().get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      kill();
      throw new IllegalStateException("did not stop:\n" + String.join("\n", log), e);
    } finally {
      http.shutdownNow();
    }
  }
}
