package dev.sheaf.testing;

import dev.sheaf.database.DatabaseAddress;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Creates a database with the current schema for a `@QuarkusTest`:
/// `@QuarkusTestResource(PostgresTestResource.class)`.
public class PostgresTestResource implements QuarkusTestResourceLifecycleManager {

  private @Nullable TestDatabase database;

  @Override
  public Map<String, String> start() {
    database = TestDatabase.migrated();
    DatabaseAddress address = address(database);
    Map<String, String> settings = new HashMap<>();
    settings.put("quarkus.datasource.jdbc.url", address.jdbcUrl());
    if (address.user() != null) {
      settings.put("quarkus.datasource.username", address.user());
    }
    if (address.password() != null) {
      settings.put("quarkus.datasource.password", address.password());
    }
    return settings;
  }

  /// The address with which the service opens its database.
  protected DatabaseAddress address(TestDatabase database) {
    return database.address();
  }

  @Override
  public void stop() {
    if (database != null) {
      database.close();
    }
  }
}
