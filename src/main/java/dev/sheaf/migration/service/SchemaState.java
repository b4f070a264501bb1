package dev.sheaf.migration.service;

import dev.sheaf.migration.engine.CompatibilityVerdict;
import dev.sheaf.migration.history.History;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Whether the running service and the schema fit each other, now. The schema may change under a
/// service that runs: a newer instance migrates it, or a person rolls it back.
@ApplicationScoped
public class SchemaState {

  private static final CompatibilityVerdict NOT_LOOKED_AT = new CompatibilityVerdict(true, "");

  private final AgroalDataSource dataSource;
  private final SchemaGate gate;

  /// What was found for one state of the history. Another is looked at anew, and so is one that did
  /// not fit: what a newer changeset tolerates may be recorded later.
  private volatile @Nullable Snapshot last;

  SchemaState(AgroalDataSource dataSource, SchemaGate gate) {
    this.dataSource = dataSource;
    this.gate = gate;
  }

  private record Snapshot(@Nullable String state, CompatibilityVerdict verdict) {}

  /// One `SELECT` while all is well.
  ///
  /// @throws SQLException when the database cannot be asked
  public CompatibilityVerdict look() throws SQLException {
    if (gate.isOff()) {
      return NOT_LOOKED_AT;
    }
    try (Connection connection = dataSource.getConnection()) {
      return look(connection);
    }
  }

  /// The same over a connection that is there.
  CompatibilityVerdict look(Connection connection) throws SQLException {
    if (gate.isOff()) {
      return NOT_LOOKED_AT;
    }
    String state = History.state(connection);
    Snapshot finding = last;
    if (finding == null
        || !finding.verdict().isCompatible()
        || !Objects.equals(finding.state(), state)) {
      finding = new Snapshot(state, gate.engine().judge(connection));
      last = finding;
    }
    return finding.verdict();
  }
}
