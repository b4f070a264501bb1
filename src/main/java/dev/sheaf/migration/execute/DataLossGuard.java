package dev.sheaf.migration.execute;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;

/// Decides whether a transactional changeset may drop tables and columns. Its text does not always
/// show that it does: a `DO` block, a function or `EXECUTE` can drop them too.
public interface DataLossGuard {

  /// Permits everything.
  DataLossGuard NONE = (_, _, _) -> false;

  /// Whether what this changeset drops has to be looked for.
  ///
  /// @param engine the engine's connection
  boolean isRequired(Connection engine, Changeset changeset, Direction direction)
      throws SQLException;

  /// Called if it dropped something, before its transaction is committed.
  ///
  /// @param loss what it dropped
  /// @throws OperatorException if it may not; its transaction is rolled back
  default void dropped(Connection engine, Changeset changeset, Direction direction, String loss)
      throws SQLException {}
}
