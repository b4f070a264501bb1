package dev.sheaf.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.runtime.ModuleSwitches;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Supplier;

/// Records who did what, in the transaction that does it: neither is there without the other.
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

  /// For a command.
  ///
  /// @param caller on whose behalf everything is done
  public AuditTrail(ModuleSwitches modules, Supplier<Caller> caller) {
    this.modules = modules;
    this.caller = caller;
  }

  /// Records what is being done in the transaction of `connection`, unless the module is off.
  ///
  /// @param object what it is done to, as clients call it
  /// @param details numbers, names and settings, but neither secrets nor what documents say
  public void record(
      Connection connection, AuditAction action, String object, Map<String, ?> details)
      throws SQLException {
    if (!modules.isOn(MODULE)) {
      return;
    }
    Caller by = caller.get();
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO audit_event (actor, action, object, details, request_id, address)
                 VALUES (?, ?, ?, ?::jsonb, ?, ?)
            """)) {
      insert.setString(1, by.name());
      insert.setString(2, action.value());
      insert.setString(3, object);
      insert.setString(4, JSON.writeValueAsString(details));
      insert.setString(5, by.requestId());
      insert.setString(6, by.address());
      insert.executeUpdate();
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("details are plain values", e);
    }
  }
}
