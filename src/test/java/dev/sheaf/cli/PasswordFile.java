package dev.sheaf.cli;

import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A password file like `~/.pgpass`, for URLs without a password.
final class PasswordFile implements AutoCloseable {

  private static final String PROPERTY = "org.postgresql.pgpassfile";

  PasswordFile(Path directory, DatabaseAddress address) throws IOException {
    Path file = directory.resolve("pgpass");
    Files.writeString(file, "*:*:*:%s:%s\n".formatted(address.user(), address.password()));
    System.setProperty(PROPERTY, file.toString());
  }

  /// The URL of `address`, without the password.
  String url(DatabaseAddress address) {
    return "postgresql://%s@%s/%s".formatted(address.user(), address.server(), address.database());
  }

  @Override
  public void close() {
    System.clearProperty(PROPERTY);
  }
}
