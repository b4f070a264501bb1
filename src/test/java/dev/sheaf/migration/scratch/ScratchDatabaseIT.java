package dev.sheaf.migration.scratch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class ScratchDatabaseIT {

  @Test
  void whatAKilledProcessLeftIsDroppedAndWhatIsInUseIsNot() throws SQLException {
    DatabaseAddress server = TestDatabase.server();
    String left = old();
    String used = old();
    try (Connection connection = server.open("sheaf test");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + left);
      statement.execute("CREATE DATABASE " + used);
      try (Connection _ = server.withDatabase(used).open("sheaf test");
          ScratchDatabase scratch = ScratchDatabase.create(server)) {
        String young = scratch.address().database();
        ScratchDatabase.create(server).close();

        assertThat(databases(statement)).contains(used, young).doesNotContain(left);
      } finally {
        statement.execute("DROP DATABASE IF EXISTS " + used);
      }
      assertThat(databases(statement)).doesNotContain(used);
    }
  }

  /// A name from 2020.
  private static String old() {
    return "sheaf_scratch_5f000000_"
        + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong(1L << 48), 12);
  }

  private static List<String> databases(Statement statement) throws SQLException {
    List<String> names = new ArrayList<>();
    try (ResultSet row = statement.executeQuery("SELECT datname FROM pg_database")) {
      while (row.next()) {
        names.add(row.getString(1));
      }
    }
    return names;
  }
}
