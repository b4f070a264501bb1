package dev.sheaf.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(DatabaseExtension.class)
class TestDatabaseIT {

  private static final List<String> SEEN = new ArrayList<>();

  @BeforeEach
  void write(TestDatabase database) throws SQLException {
    database.execute("INSERT INTO collection (name) VALUES ('mine')");
  }

  @Test
  void aMethodHasADatabaseOfItsOwnAtHead(TestDatabase database) throws SQLException {
    isFresh(database);
  }

  @Test
  void anotherMethodHasAnother(TestDatabase database) throws SQLException {
    isFresh(database);
  }

  private static void isFresh(TestDatabase database) throws SQLException {
    assertThat(database.query("SELECT name FROM collection")).containsExactly("mine");
    assertThat(SEEN).doesNotContain(database.address().database());
    SEEN.add(database.address().database());
  }

  @Test
  void itIsDroppedWhenItIsClosed() throws SQLException {
    TestDatabase database = TestDatabase.migrated();
    String name = database.address().database();
    try (TestDatabase other = TestDatabase.create()) {
      assertThat(other.query("SELECT datname FROM pg_database")).contains(name);
      database.close();
      assertThat(other.query("SELECT datname FROM pg_database")).doesNotContain(name);
    }
  }
}
