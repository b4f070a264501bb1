package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What operators are told about failures of statements and of connections.
class SqlErrorMessageIT {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SET statement_timeout = 50; SELECT pg_sleep(60) | if it ran for too long, raise --statement-timeout in the file, or sheaf.schema.statement-timeout; if somebody cancelled it, run the command again
          SELECT pg_cancel_backend(pg_backend_pid())      | if it ran for too long, raise --statement-timeout in the file, or sheaf.schema.statement-timeout; if somebody cancelled it, run the command again
          COPY copied FROM STDIN                          | the rows after COPY could not be sent; correct them
          SELECT pg_terminate_backend(pg_backend_pid())   | the server is restarting, or somebody ended the session; this step is not recorded as applied, run the command again
          SET lock_timeout = 0; LOCK TABLE t NOWAIT       | another session holds a lock on the table; find it in pg_stat_activity, or retry later
          DO $$BEGIN RAISE 'no' USING HINT = 'ask'; END$$ | ask
          SET lock_timeout = 50; LOCK TABLE t             | another session holds a lock on the table; find it in pg_stat_activity, or retry later
          """)
  void aHintTellsWhatHelps(String sql, String hint) throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      database.execute("CREATE TABLE t (id int); CREATE TABLE copied (id int)");
      try (Connection holder = database.connect();
          Statement lock = holder.createStatement();
          Connection connection = database.address().open("test");
          Statement statement = connection.createStatement()) {
        holder.setAutoCommit(false);
        lock.execute("LOCK TABLE t");

        SQLException failure =
            catchThrowableOfType(SQLException.class, () -> statement.execute(sql));

        assertThat(SqlErrorMessage.running(database.address(), "it", failure).hint())
            .isEqualTo(hint);
      }
    }
  }

  @Test
  void aMissingPasswordIsNamed() {
    DatabaseAddress address = TestDatabase.server();
    // Other tests have a password file for the role of the address.
    DatabaseAddress without = new DatabaseAddress(address.jdbcUrl(), "ann", null);

    assertThat(failure(without))
        .isEqualTo(
            "PostgreSQL at %s requires a password for the role \"%s\" - set DB_PASSWORD, or write the password into DATABASE_URL or ~/.pgpass"
                .formatted(address.server(), without.user()));
  }

  @Test
  void aServerWithoutTlsIsNamed() {
    DatabaseAddress address = TestDatabase.server();

    assertThat(failure(with(address, "sslmode=require")))
        .isEqualTo(
            "no encrypted connection to PostgreSQL at %s: The server does not support SSL. - turn ssl on in the server's configuration, or use sslmode=prefer"
                .formatted(address.server()));
  }

  /// The server agrees to TLS, and the client finds out what it cannot verify.
  @Test
  void certificatesThatCannotBeReadOrTrustedAreNamed(@TempDir Path directory) throws Exception {
    Path missing = directory.resolve("root.crt");
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> agreeToTls(server));
      DatabaseAddress address =
          new DatabaseAddress(
              "jdbc:postgresql://127.0.0.1:" + server.getLocalPort() + "/sheaf", "ann", "x");

      assertThat(failure(with(address, "sslmode=verify-ca&sslrootcert=" + missing)))
          .isEqualTo(
              "a certificate for the connection to PostgreSQL at %s cannot be read: Could not open SSL root certificate file %s. - correct sslrootcert, sslcert or sslkey in the URL; sslmode=require encrypts without a root certificate"
                  .formatted(address.server(), missing));
      Files.writeString(missing, "");
      assertThat(failure(with(address, "sslmode=require")))
          .startsWith("no encrypted connection to PostgreSQL at " + address.server() + ": ")
          .endsWith(
              " - check sslrootcert, and whether the server's certificate is for this host; sslmode=require verifies neither");
    }
  }

  /// Agrees to TLS, and ends the connection when the client begins it.
  private static void agreeToTls(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        client.getInputStream().readNBytes(8);
        client.getOutputStream().write('S');
        client.getInputStream().read();
      } catch (IOException _) {
        // The client has gone, or the test has ended.
      }
    }
  }

  private static DatabaseAddress with(DatabaseAddress address, String parameters) {
    String url = address.jdbcUrl();
    return new DatabaseAddress(
        url + (url.contains("?") ? "&" : "?") + parameters, address.user(), address.password());
  }

  private static String failure(DatabaseAddress address) {
    return String.valueOf(
        catchThrowableOfType(OperatorException.class, address::probe).getMessage());
  }
}
