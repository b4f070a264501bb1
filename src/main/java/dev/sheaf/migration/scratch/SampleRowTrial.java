package dev.sheaf.migration.scratch;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.CatalogObjects;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.scratch.SampleRows.Density;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Applies changesets one after the other in a scratch database whose tables have sample rows.
public final class SampleRowTrial implements AutoCloseable {

  private final DatabaseAddress server;
  private final MigrationConfig config;
  private final List<Changeset> all;
  private ScratchSchema scratch;

  /// Whether partitions were created for sample rows, for this changeset or an earlier one.
  private boolean hasPartitions;

  /// Prepares the trial in a new scratch database.
  ///
  /// @param server the server on which scratch databases are created
  /// @param all all changesets, in order
  /// @param position the number of changesets that are applied at first
  public SampleRowTrial(
      DatabaseAddress server, MigrationConfig config, List<Changeset> all, int position)
      throws SQLException {
    this.server = server;
    this.config = config;
    this.all = all;
    this.scratch = ScratchSchema.at(server, config, all.subList(0, position));
  }

  /// The state before a changeset was applied.
  ///
  /// @param remarks the tables without sample rows, and why
  public record Before(
      CatalogSnapshot catalog, CatalogObjects objects, RowDigests rows, List<String> remarks) {}

  public Connection connection() {
    return scratch.connection();
  }

  public void up(Changeset changeset) throws SQLException {
    scratch.up(changeset);
  }

  public void down(Changeset changeset) throws SQLException {
    scratch.down(changeset);
  }

  /// Writes rows to all tables, runs a rollback, and undoes both.
  ///
  /// @param before the state that the rollback restores
  /// @return why the rollback fails on the rows; empty if it does not
  public Optional<String> downAfterMoreRows(Before before, List<SqlStatement> down)
      throws SQLException {
    return scratch
        .downAfterMoreRows(before.objects().catalog(), down)
        .map(SqlErrorMessage::message);
  }

  /// Starts again in a new database, with the first `position` changesets and no rows.
  public void restart(int position) throws SQLException {
    scratch.close();
    scratch = ScratchSchema.at(server, config, all.subList(0, position));
  }

  /// Fills every table and applies the changeset at `position`; those before it are applied
  /// already.
  ///
  /// @throws OperatorException if it fails, with rows and without
  public Before upWithRows(int position) throws SQLException {
    SampleRowPolicy policy = new SampleRowPolicy();
    while (true) {
      SampleRows.Result filled = SampleRows.fill(connection(), policy::density);
      hasPartitions |= !filled.partitions().isEmpty();
      List<String> remarks = new ArrayList<>(policy.remarks());
      for (SampleRows.Unfilled table : filled.unfilled()) {
        remarks.add("no sample rows in " + table.table() + ": " + table.reason());
      }
      scratch.makeReadyFor(all.get(position));
      Before before =
          new Before(
              CatalogSnapshot.of(connection()).withoutEngine(),
              CatalogObjects.of(connection()),
              RowDigests.of(connection()),
              remarks);
      try {
        up(all.get(position));
        return before;
      } catch (OperatorException e) {
        if (!policy.reduce(e, hasPartitions)) {
          throw e;
        }
        restart(position);
      }
    }
  }

  @Override
  public void close() throws SQLException {
    scratch.close();
  }

  /// How tables are filled so that a changeset can be applied. If a value that was made up violates
  /// a constraint that the changeset adds, its table gets nulls, and if that fails too, no rows.
  private static final class SampleRowPolicy {
    private final Map<String, Density> densities = new HashMap<>();
    private final List<String> remarks = new ArrayList<>();
    private Density otherwise = Density.FULL;
    private boolean partitions = true;

    Density density(String table) {
      if (!partitions && table.endsWith(SampleRows.PARTITION)) {
        return Density.NONE;
      }
      return densities.getOrDefault(table, otherwise);
    }

    List<String> remarks() {
      return remarks;
    }

    /// @param withPartitions whether partitions were created for rows
    /// @return false when rows were not to blame
    boolean reduce(OperatorException failure, boolean withPartitions) {
      if (!(failure.getCause() instanceof PSQLException e)) {
        return false;
      }
      // A new partition may overlap the one that was created for rows.
      if (partitions
          && withPartitions
          && SqlStates.INVALID_OBJECT_DEFINITION.equals(e.getSQLState())) {
        partitions = false;
        remarks.add("it fails with a partition for sample rows: " + SqlErrorMessage.message(e));
        return true;
      }
      if (!SqlStates.isAboutRows(SqlStates.of(e))) {
        return false;
      }
      ServerErrorMessage message = e.getServerErrorMessage();
      @Nullable String table =
          message == null || message.getTable() == null
              ? null
              : message.getSchema() + "." + message.getTable();
      Density current = table == null ? otherwise : density(table);
      if (current == Density.NONE) {
        return false;
      }
      Density lower = current == Density.FULL ? Density.SPARSE : Density.NONE;
      if (lower == Density.NONE) {
        remarks.add(
            "it fails with sample rows in %s: %s"
                .formatted(table == null ? "its tables" : table, SqlErrorMessage.message(e)));
      }
      if (table == null) {
        otherwise = lower;
      } else {
        densities.put(table, lower);
      }
      return true;
    }
  }
}
