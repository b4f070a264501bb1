package dev.sheaf.migration.history;

import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.changelog.Changeset;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What takes rows of the history back: their files, or what the database keeps of them where this
/// application has no such file.
public final class Rollbacks {

  private final Connection connection;
  private final Changesets changesets;
  private final MigrationListener listener;

  /// Rollbacks of what one database has applied.
  ///
  /// @param listener told of those that are not known here
  public Rollbacks(Connection connection, Changesets changesets, MigrationListener listener) {
    this.connection = connection;
    this.changesets = changesets;
    this.listener = listener;
  }

  /// The changesets that take history rows back.
  ///
  /// @throws OperatorException when one was edited since, or is neither here nor there
  public List<Changeset> of(List<History.Applied> rows) throws SQLException {
    List<Changeset> rollbacks = new ArrayList<>();
    for (History.Applied row : rows) {
      rollbacks.add(of(row));
    }
    return rollbacks;
  }

  /// The changesets that take history rows back.
  ///
  /// @throws OperatorException as there
  public Changeset of(History.Applied row) throws SQLException {
    Optional<Changeset> known = changesets.find(row);
    if (known.isPresent()) {
      return known.get();
    }
    Changeset stored =
        StoredRollback.find(connection, row.path()).orElseThrow(() -> changesets.missing(row));
    listener.note(
        row.label() + " is not known here; the rollback that was stored with it is what runs");
    return stored;
  }
}
