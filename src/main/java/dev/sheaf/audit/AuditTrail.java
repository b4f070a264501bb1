package dev.sheaf.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.database.Sql;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.runtime.ModuleSwitches;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Supplier;

/// Writes the audit trail. An event is written in the same transaction as the change that it
/// describes, so neither exists without the other.
@Singleton
public final class AuditTrail {

  static final String MODULE = "audit";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final ModuleSwitches modules;
  private final Supplier<Caller> caller;

  @Inject
  AuditTrail(ModuleSwitches modules, Callers callers) {
    this(modules, callers::ofRequestOrService);
  }

  /// For commands, which have no container.
  ///
  /// @param caller the caller to record
  public AuditTrail(ModuleSwitches modules, Supplier<Caller> caller) {
    this.modules = modules;
    this.caller = caller;
  }

  /// Writes an event in the transaction of `connection`. Does nothing if the module is off.
  ///
  /// @param object the name of the object that is changed, as clients know it
  /// @param details numbers, names and settings, but no secrets and no text of documents
  public void record(
      Connection connection, AuditAction action, String object, Map<String, ?> details)
      throws SQLException {
    if (!modules.isOn(MODULE)) {
      return;
    }
    Caller current = caller.get();
    try {
      Sql.of(
              """
              INSERT INTO audit_event (actor, action, object, details, request_id, address)
                   VALUES (?, ?, ?, ?::jsonb, ?, ?)
              """,
              current.name(),
              action.value(),
              object,
              JSON.writeValueAsString(details),
              current.requestId(),
              current.address())
          .update(connection);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Details must be serializable as JSON", e);
    }
  }
}
