package dev.sheaf.cli;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A password file like `~/.pgpass`, for URLs without a password. The driver finds it by a system
/// property, so all tests of the process share it.
final class PasswordFile {

  static {
    DatabaseAddress server = TestDatabase.server();
    try {
      Path file = Files.createTempFile("pgpass", null);
      file.toFile().deleteOnExit();
      Files.writeString(file, "*:*:*:%s:%s\n".formatted(server.user(), server.password()));
      System.setProperty("org.postgresql.pgpassfile", file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private PasswordFile() {}

  /// The URL of a database of the test server, without the password.
  static String url(DatabaseAddress address) {
    return "postgresql://%s@%s/%s".formatted(address.user(), address.server(), address.database());
  }
}
