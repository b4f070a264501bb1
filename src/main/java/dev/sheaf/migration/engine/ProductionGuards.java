package dev.sheaf.migration.engine;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.execute.DataLossGuard;
import dev.sheaf.migration.history.VerifiedBackup;
import dev.sheaf.runtime.Durations;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Requirements for rolling back, or destroying data in, a production database. Other databases
/// have no such requirements.
final class ProductionGuards implements DataLossGuard {

  private final MigrationConfig config;
  private final boolean production;

  ProductionGuards(MigrationConfig config, boolean production) {
    this.config = config;
    this.production = production;
  }

  /// @param action the action that requires approval
  void requireApproval(String action, Approval approval) {
    if (production && (approval.by() == null || approval.by().isBlank())) {
      throw new OperatorException(
          action + " requires approval, because this is a production database",
          "name who approved it: --approved-by WHO");
    }
  }

  void requireForce(boolean force) {
    if (production && !force) {
      throw new OperatorException(
          "drop requires --force, because this is a production database", "add --force to confirm");
    }
  }

  /// Requires a recent verified backup if data is destroyed.
  ///
  /// @param action the action, as the subject of a sentence
  /// @param loss the data that it destroys; `null` if none
  void requireBackup(Connection connection, String action, @Nullable String loss)
      throws SQLException {
    if (production && loss != null && !hasBackup(connection)) {
      throw new OperatorException(
          "%s destroys data (%s), but no verified backup younger than %s is recorded"
              .formatted(action, loss, Durations.text(config.backupMaxAge())),
          "take one: sheaf backup FILE, then sheaf backup verify FILE");
    }
  }

  /// The same, for applying `changeset`.
  void requireBackup(Connection connection, Changeset changeset) throws SQLException {
    requireBackup(connection, changeset.file().shortPath(), changeset.destroys());
  }

  /// The same, for rolling `changeset` back.
  void requireBackupOfRollback(Connection connection, Changeset changeset) throws SQLException {
    requireBackup(connection, rollbackOf(changeset), changeset.rollbackLoses());
  }

  private boolean hasBackup(Connection connection) throws SQLException {
    return VerifiedBackup.latest(connection, config.backupMaxAge()).isPresent();
  }

  private static String rollbackOf(Changeset changeset) {
    return "the rollback of " + changeset.file().shortPath();
  }

  @Override
  public boolean isRequired(Connection engine, Changeset changeset, Direction direction)
      throws SQLException {
    // What the text shows was refused before anything ran, unless there was a backup.
    @Nullable String shown =
        switch (direction) {
          case UP -> changeset.destroys();
          case DOWN -> changeset.rollbackLoses();
        };
    return production && shown == null && !hasBackup(engine);
  }

  @Override
  public void dropped(Connection engine, Changeset changeset, Direction direction, String loss)
      throws SQLException {
    String action =
        switch (direction) {
          case UP -> changeset.file().shortPath();
          case DOWN -> rollbackOf(changeset);
        };
    requireBackup(engine, action + " failed and was undone: it", loss);
  }
}
