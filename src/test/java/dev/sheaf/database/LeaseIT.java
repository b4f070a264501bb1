package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseIT {

  private final Lease ours = new Lease("it's me@host/1", Duration.ofHours(1));
  private final Lease theirs = new Lease("other@host/2", Duration.ofHours(1));

  @Test
  void isTakenExtendedAndReleased() throws SQLException {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      database.execute("CREATE TABLE work (lease_holder text, lease_until timestamptz)");
      database.execute("INSERT INTO work VALUES (NULL, NULL)");

      assertThat(count(connection, ours.isFree())).isOne();
      assertThat(set(connection, ours.take(), ours.isFree())).isOne();
      assertThat(count(connection, ours.isFree())).isOne();
      assertThat(count(connection, theirs.isFree())).isZero();
      assertThat(count(connection, theirs.isHeldByAnother())).isOne();
      assertThat(count(connection, ours.isHeldByAnother())).isZero();
      assertThat(count(connection, ours.isHeld())).isOne();
      assertThat(count(connection, ours.isToBeExtended())).isZero();

      // 41 minutes later.
      set(connection, "lease_until = lease_until - interval '41 min'", "true");
      assertThat(count(connection, ours.isToBeExtended())).isOne();
      set(connection, ours.extend(), ours.isHeld());
      assertThat(count(connection, ours.isToBeExtended())).isZero();

      // Two hours later.
      set(connection, "lease_until = lease_until - interval '2 h'", "true");
      assertThat(count(connection, Lease.EXPIRED)).isOne();
      assertThat(set(connection, theirs.take(), theirs.isFree())).isOne();
      assertThat(count(connection, ours.isHeld())).isZero();

      set(connection, Lease.RELEASE, theirs.isHeld());
      assertThat(count(connection, "lease_holder IS NULL AND lease_until IS NULL")).isOne();
    }
  }

  private static int set(Connection connection, String values, String condition)
      throws SQLException {
    return Sql.of("UPDATE work SET " + values + " WHERE " + condition).update(connection);
  }

  private static int count(Connection connection, String condition) throws SQLException {
    return Sql.of("SELECT count(*) FROM work WHERE " + condition)
        .first(connection, row -> row.getInt(1))
        .orElseThrow();
  }
}
