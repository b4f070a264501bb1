package dev.sheaf.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// PostgreSQL's own client, as the reference for what SQL does.
public final class Psql {

  private Psql() {}

  /// Runs a script as `psql -f` does.
  public static void run(DatabaseAddress database, String sql) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "-f", "-")
            .redirectErrorStream(true);
    connect(builder, database);
    Process process = builder.start();
    try (Writer in = process.outputWriter(StandardCharsets.UTF_8)) {
      in.write(sql);
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  /// Lets a client program connect to a database.
  public static void connect(ProcessBuilder builder, DatabaseAddress database) {
    Map<String, String> environment = builder.environment();
    environment.put("PGHOST", database.host());
    environment.put("PGPORT", database.port());
    environment.put("PGDATABASE", database.database());
    if (database.user() != null) {
      environment.put("PGUSER", database.user());
    }
    if (database.password() != null) {
      environment.put("PGPASSWORD", database.password());
    }
    environment.put("PGCLIENTENCODING", "UTF8");
  }
}
