package dev.sheaf.migration.engine;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Migrations through a real pgbouncer, if one is installed.
class TransactionPoolerIT {

  private static final Path PGBOUNCER = Path.of("/usr/sbin/pgbouncer");

  @TempDir private Path directory;

  @Test
  void aTransactionPoolerIsDetectedWithoutTakingTheLock() throws Exception {
    assumeTrue(Files.isExecutable(PGBOUNCER), "pgbouncer is not installed");
    try (TestDatabase database = TestDatabase.create()) {
      int port = freePort();
      Process pooler = start(database.address(), port);
      try {
        DatabaseAddress pooled =
            new DatabaseAddress(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + database.address().database(),
                "anyone",
                null);
        Changelogs changelogs = Changelogs.bundled();

        MigrationResult result =
            new Migrations(
                    pooled, TestConfig.schema(), changelogs, Modules.everything(changelogs), false)
                .up(new MigrationListener() {});

        assertThat(result.problems())
            .singleElement()
            .satisfies(problem ->
                assertThat(problem)
                    .hasMessage(
                        "127.0.0.1:%s is a transaction pooler, which does not support session locks - give"
                                .formatted(port)
                            + " migrations a direct address of the server: sheaf.schema.jdbc-url"));
        assertThat(advisoryLocks(database)).isEmpty();
      } finally {
        pooler.destroyForcibly().waitFor();
      }
    }
  }

  private static List<String> advisoryLocks(TestDatabase database) throws SQLException {
    return database.query(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }

  private Process start(DatabaseAddress address, int port) throws IOException {
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
            .formatted(address.host(), address.port(), address.user(), address.password(), port));
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      // pgbouncer does not run as root.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      command.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
    }
    command.addAll(List.of(PGBOUNCER.toString(), "--quiet", settings.toString()));
    Process process = new ProcessBuilder(command).inheritIO().start();
    await().until(() -> answers(port));
    return process;
  }

  private static boolean answers(int port) {
    try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
