package dev.sheaf.database;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class RowCountIT {

  @Test
  void fewRowsAreCountedAndManyEstimated() throws SQLException {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      database.execute("CREATE TABLE item (id integer, filler text)");
      assertThat(RowCount.of(connection, "item")).isEqualTo(new RowCount(0, false));
      assertThat(RowCount.isAtLeast(connection, "item", 1)).isFalse();

      insert(database, RowCount.COUNTED);
      assertThat(RowCount.of(connection, "item")).isEqualTo(new RowCount(1_000, false));
      assertThat(RowCount.isAtLeast(connection, "item", 1_000)).isTrue();
      assertThat(RowCount.isAtLeast(connection, "item", 1_001)).isFalse();

      insert(database, 9_000);
      assertThat(RowCount.exactly(connection, "item")).isEqualTo(new RowCount(10_000, false));
      // The server learns of the rows when the session that inserted them has reported them.
      await().until(() -> RowCount.of(connection, "item").rows() > 9_900);
      assertThat(RowCount.of(connection, "item").estimated()).isTrue();

      // As after a crash of the server.
      database.execute("ANALYZE item");
      insert(database, 10_000);
      database.execute("SELECT pg_stat_reset_single_table_counters('item'::regclass)");
      assertThat(RowCount.of(connection, "item").rows()).isCloseTo(20_000, withPercentage(10));
    }
  }

  /// The session reports the rows at once. It would wait until it is idle for ten seconds.
  private static void insert(TestDatabase database, int rows) throws SQLException {
    database.execute(
        """
        INSERT INTO item SELECT i, repeat('x', 100) FROM generate_series(1, %s) i;
        SELECT pg_stat_force_next_flush();
        """
            .formatted(rows));
  }
}
