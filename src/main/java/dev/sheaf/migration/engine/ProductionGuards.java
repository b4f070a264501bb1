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

/// What has to be there before a production database is taken back or loses data. Any other may be
/// treated as one likes.
final class ProductionGuards {

  private final MigrationConfig config;
  private final boolean production;

  ProductionGuards(MigrationConfig config, boolean production) {
    this.config = config;
    this.production = production;
  }

  /// @param verb what somebody has to have decided
  void requireApproval(String verb, Approval approval) {
    if (production && (approval.by() == null || approval.by().isBlank())) {
      throw new OperatorException(
          verb + " is refused: this is a production database",
          "name who decided it with --approved-by");
    }
  }

  /// @param force that dropping everything is really meant
  void requireForce(boolean force) {
    if (production && !force) {
      throw new OperatorException(
          "this is a production database", "add --force to drop it all the same");
    }
  }

  /// Nothing is destroyed that could not be had back.
  ///
  /// @param loss what `what` destroys; `null` when nothing
  void requireBackup(Connection connection, String what, @Nullable String loss)
      throws SQLException {
    if (production
        && loss != null
        && VerifiedBackup.latest(connection, config.backupMaxAge()).isEmpty()) {
      throw new OperatorException(
          "%s destroys data (%s), and no verified backup younger than %s is on record"
              .formatted(what, loss, Durations.text(config.backupMaxAge())),
          "take one: sheaf backup FILE, then sheaf backup verify FILE");
    }
  }

  /// The same, for the way up of `changeset`.
  void requireBackup(Connection connection, Changeset changeset) throws SQLException {
    requireBackup(connection, changeset.file().shortPath(), changeset.directives().destructive());
  }
}
