package dev.sheaf.migration;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.execute.SchemaSession;
import java.sql.Connection;
import java.sql.Statement;

/// A process that takes the schema lock, prints a line, and then runs one endless statement.
public final class LockHolder {

  private LockHolder() {}

  public static void main(String[] arguments) throws Exception {
    DatabaseAddress address = DatabaseAddress.parse(arguments[0]);
    SchemaSession session = SchemaSession.open(address, TestConfig.schema());
    if (session.lock(new MigrationListener() {}, () -> false).isPresent()) {
      System.out.println("locked");
    }
    Connection connection = session.connection();
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_sleep(600)");
    }
  }
}
