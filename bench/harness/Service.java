package harness;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A service under test: a process that says where it listens.
record Service(Process process, URI base) implements AutoCloseable {

  private static final Pattern LISTENING = Pattern.compile("Listening on: (http://\\S+)");

  /// Both services are started as their images would be, with as much heap as a small pod has.
  private static final List<String> JVM = List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED");

  /// @param arguments of `java`
  static Service start(List<String> arguments, Map<String, String> environment, Path log)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM);
    command.addAll(arguments);
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    while (process.isAlive()) {
      Matcher listening = LISTENING.matcher(Files.readString(log));
      if (listening.find()) {
        return new Service(process, URI.create(listening.group(1)));
      }
      Thread.sleep(50);
    }
    throw new IOException("a service did not start:\n" + Files.readString(log));
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
