package dev.sheaf.schema;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// What has to be there before a production database is taken back or loses data. Any other may be
/// treated as one likes.
final class Safeguards {

  private final SchemaConfig config;
  private final boolean production;

  Safeguards(SchemaConfig config, boolean production) {
    this.config = config;
    this.production = production;
  }

  /// @param verb what somebody has to have decided
  void requireApproval(String verb, Approval approval) {
    if (production && (approval.by() == null || approval.by().isBlank())) {
      throw new SchemaException(
          verb + " is refused: this is a production database",
          "name who decided it with --approved-by");
    }
  }

  /// @param force that dropping everything is really meant
  void requireForce(boolean force) {
    if (production && !force) {
      throw new SchemaException(
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
        && !History.hasVerifiedBackup(connection, config.backupMaxAge())) {
      throw new SchemaException(
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
