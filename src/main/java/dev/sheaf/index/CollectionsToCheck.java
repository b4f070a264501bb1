package dev.sheaf.index;

import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.database.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Selects the collections that a periodic check looks at, so that its cost does not grow with
/// their number: those that this replica has changed lately, and the next [#PAGE] of all. So a
/// change is noticed by the next check, whoever made it as long as there are few collections, and
/// otherwise after a round through all of them at the latest.
final class CollectionsToCheck {

  /// How many collections a check looks at, beside those that changed.
  static final int PAGE = 100;

  private static final String NEXT =
      """
      SELECT id
        FROM collection
       WHERE id > ?
       ORDER BY id
       LIMIT
      """
          + PAGE;

  private final CollectionChanges changes;
  private long last;

  CollectionsToCheck(CollectionChanges changes) {
    this.changes = changes;
  }

  /// The ids of the collections to check now.
  synchronized Set<Long> next(Connection connection) throws SQLException {
    List<Long> page = Sql.of(NEXT, last).list(connection, row -> row.getLong(1));
    last = page.size() < PAGE ? 0 : page.getLast();
    var next = new TreeSet<>(page);
    next.addAll(changes.recent());
    return next;
  }
}
