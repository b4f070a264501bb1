package dev.sheaf.migration.engine;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.VerifiedBackup;
import dev.sheaf.runtime.Durations;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Requirements for rolling back, or destroying data in, a production database. Other databases
/// have no such requirements.
final class ProductionGuards {

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
    if (production
        && loss != null
        && VerifiedBackup.latest(connection, config.backupMaxAge()).isEmpty()) {
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
}
