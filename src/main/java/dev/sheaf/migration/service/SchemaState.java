package dev.sheaf.migration.service;

import dev.sheaf.migration.engine.CompatibilityVerdict;
import dev.sheaf.migration.history.History;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Whether the running service is compatible with the schema now. The schema may change while the
/// service runs: a newer replica migrates it, or a person rolls it back.
@ApplicationScoped
public class SchemaState {

  private static final CompatibilityVerdict NOT_CHECKED = new CompatibilityVerdict(true, "");

  private final AgroalDataSource dataSource;
  private final SchemaGate gate;

  /// The verdict for one state of the history. It is determined again if the state changes, and
  /// also if it was not compatible, because a newer changeset may be recorded as compatible later.
  private volatile @Nullable Snapshot last;

  SchemaState(AgroalDataSource dataSource, SchemaGate gate) {
    this.dataSource = dataSource;
    this.gate = gate;
  }

  private record Snapshot(@Nullable String state, CompatibilityVerdict verdict) {}

  /// The current verdict. It costs one `SELECT` while the schema does not change.
  ///
  /// @throws SQLException if the database cannot be queried
  public CompatibilityVerdict verdict() throws SQLException {
    if (gate.isOff()) {
      return NOT_CHECKED;
    }
    try (Connection connection = dataSource.getConnection()) {
      return verdict(connection);
    }
  }

  /// The same, using an existing connection.
  CompatibilityVerdict verdict(Connection connection) throws SQLException {
    if (gate.isOff()) {
      return NOT_CHECKED;
    }
    String state = History.state(connection);
    Snapshot snapshot = last;
    if (snapshot == null
        || !snapshot.verdict().isCompatible()
        || !Objects.equals(snapshot.state(), state)) {
      snapshot = new Snapshot(state, gate.engine().compatibility(connection));
      last = snapshot;
    }
    return snapshot.verdict();
  }
}
