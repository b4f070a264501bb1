package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CollectionsToCheckIT {

  @Test
  void eachCheckLooksAtThoseThatChangedAndAtTheNextOfAll() throws SQLException {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      database.execute("CREATE TABLE collection (id bigint PRIMARY KEY)");
      database.execute("INSERT INTO collection SELECT generate_series(1, 250)");
      var changes = new CollectionChanges();
      var toCheck = new CollectionsToCheck(changes);

      assertThat(toCheck.next(connection)).isEqualTo(ids(1, 100));
      changes.add(7);
      assertThat(toCheck.next(connection)).isEqualTo(with(7, ids(101, 200)));
      assertThat(toCheck.next(connection)).isEqualTo(with(7, ids(201, 250)));
      assertThat(toCheck.next(connection)).isEqualTo(ids(1, 100));
    }
  }

  private static Set<Long> ids(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().collect(Collectors.toSet());
  }

  private static Set<Long> with(long id, Set<Long> ids) {
    ids.add(id);
    return ids;
  }
}
