package dev.sheaf.testing;

import static dev.sheaf.testing.Patience.await;

import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A real pgbouncer in front of a database, with `pool_mode = transaction`.
public final class TransactionPooler implements AutoCloseable {

  private final Process process;
  private final DatabaseAddress address;

  private TransactionPooler(Process process, DatabaseAddress address) {
    this.process = process;
    this.address = address;
  }

  public static boolean isInstalled() {
    return executable().isPresent();
  }

  private static Optional<Path> executable() {
    return Stream.concat(Stream.of(System.getenv("PATH").split(":", -1)), Stream.of("/usr/sbin"))
        .map(directory -> Path.of(directory, "pgbouncer"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /// Starts a pooler, and waits until it listens.
  ///
  /// @param directory an empty directory for its files
  public static TransactionPooler start(Path directory, DatabaseAddress server) throws IOException {
    while (true) {
      int port = freePort();
      Path log = directory.resolve("pgbouncer.log");
      Process process = run(directory, server, port, log);
      await().until(() -> !process.isAlive() || listens(log, port));
      if (process.isAlive()) {
        return new TransactionPooler(
            process,
            new DatabaseAddress(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + server.database(),
                "anyone",
                "anything"));
      }
      String said = Files.readString(log);
      // Somebody else may have taken the port since.
      if (!said.contains("Address already in use")) {
        throw new IllegalStateException("pgbouncer ended: " + said);
      }
    }
  }

  private static Process run(Path directory, DatabaseAddress server, int port, Path log)
      throws IOException {
    Path settings = directory.resolve("pgbouncer.ini");
    Files.writeString(
        settings,
        """
        [databases]
        * = host=%s port=%s user=%s password=%s
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %s
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        ignore_startup_parameters = extra_float_digits
        """
            .formatted(server.host(), server.port(), server.user(), server.password(), port));
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      // pgbouncer does not run as root.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      command.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
    }
    command.addAll(List.of(executable().orElseThrow().toString(), settings.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static boolean listens(Path log, int port) throws IOException {
    return Files.readString(log).contains("listening on 127.0.0.1:" + port);
  }

  /// Where clients connect, with the same database.
  public DatabaseAddress address() {
    return address;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
