package harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A service under test: a process that says where it listens.
///
/// @param key what its callers have to bring; empty when nothing
record Service(Process process, URI base, String key) implements AutoCloseable {

  static final Pattern LISTENING = Pattern.compile("Listening on: (http://[^\\s\"]+)");

  private static final Duration STARTED_WITHIN = Duration.ofMinutes(2);

  /// All are started as Sheaf's image starts it (`docker/jvm.options`), with as much heap as a
  /// small pod has.
  private static final List<String> JVM =
      List.of(
          "-Xmx512m",
          "-XX:+UseSerialGC",
          "-XX:+UseCompactObjectHeaders",
          "-XX:-UsePerfData",
          "-Djdk.pollerMode=1",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  /// @param arguments of `java`
  static Service start(List<String> arguments, Map<String, String> environment, Path log)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(java());
    command.addAll(JVM);
    command.addAll(arguments);
    return start(command, environment, log, LISTENING);
  }

  /// @param listening what the process prints when it listens; the first group is its address
  static Service start(
      List<String> command, Map<String, String> environment, Path log, Pattern listening)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    Instant latest = Instant.now().plus(STARTED_WITHIN);
    while (process.isAlive() && Instant.now().isBefore(latest)) {
      Matcher address = listening.matcher(Files.readString(log));
      if (address.find()) {
        return new Service(process, URI.create(address.group(1)), "");
      }
      Thread.sleep(50);
    }
    process.destroyForcibly();
    throw new IOException("a service did not start:\n" + Files.readString(log));
  }

  /// Sheaf as it runs in production: who calls it needs a key.
  ///
  /// @param settings `-Dname=value`
  static Service sheaf(Path jar, List<String> settings, Map<String, String> environment, Path log)
      throws IOException, InterruptedException {
    var arguments = new ArrayList<>(settings);
    arguments.addAll(
        List.of("-Dquarkus.http.port=0", "-Dquarkus.http.host=127.0.0.1", "-jar", jar.toString()));
    Service service = start(arguments, environment, log);
    var create =
        new ProcessBuilder(java(), "-jar", jar.toString(), "key", "create", "--role", "admin")
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    create.environment().putAll(environment);
    String key = new String(create.start().getInputStream().readAllBytes(), UTF_8).strip();
    return new Service(service.process, service.base, key);
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().completeOnTimeout(process, 30, TimeUnit.SECONDS).join();
    process.destroyForcibly();
  }
}
