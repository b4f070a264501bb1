package dev.sheaf.migration.history;

import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.changelog.Changeset;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The rollbacks of applied changesets, from their files, or from the database if this application
/// has no such file.
public final class Rollbacks {

  private final Connection connection;
  private final Changesets changesets;
  private final MigrationListener listener;

  /// The rollbacks for one database.
  ///
  /// @param listener gets a note for each rollback that comes from the database
  public Rollbacks(Connection connection, Changesets changesets, MigrationListener listener) {
    this.connection = connection;
    this.changesets = changesets;
    this.listener = listener;
  }

  /// The changesets of `rows`, with their rollbacks.
  ///
  /// @throws OperatorException if a file was modified, if neither a file nor a stored rollback
  ///   exists, or if one changeset replaces some of `rows` and others that stay applied
  public List<Changeset> of(List<History.Applied> rows) throws SQLException {
    requireWhole(rows);
    List<Changeset> rollbacks = new ArrayList<>();
    for (History.Applied row : rows) {
      rollbacks.add(of(row));
    }
    return rollbacks;
  }

  /// Requires that of changesets that one replaces all are rolled back, or none.
  ///
  /// @throws OperatorException if only some are
  public void requireWhole(List<History.Applied> rows) throws SQLException {
    if (!rows.isEmpty()) {
      changesets.requireWhole(History.read(connection), rows);
    }
  }

  /// What drops the objects of applied repeatable changesets as they were applied, the last one
  /// first; without those of which that is not known.
  public List<Changeset> ofRepeatables() throws SQLException {
    List<Changeset> rollbacks = new ArrayList<>();
    for (History.Applied row : History.repeatables(connection).reversed()) {
      StoredRollback.find(connection, row.path())
          .filter(stored -> stored.down() != null)
          .ifPresent(rollbacks::add);
    }
    return rollbacks;
  }

  /// The changeset of `row`, with its rollback.
  ///
  /// @throws OperatorException as above
  public Changeset of(History.Applied row) throws SQLException {
    Optional<Changeset> known = changesets.find(row);
    if (known.isPresent()) {
      return known.get();
    }
    Changeset stored =
        StoredRollback.find(connection, row.path()).orElseThrow(() -> changesets.missingFile(row));
    listener.note(
        "this version has no file of "
            + row.label()
            + "; using the rollback that is stored in the database");
    return stored;
  }
}
