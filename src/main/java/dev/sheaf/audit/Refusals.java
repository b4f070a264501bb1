package dev.sheaf.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.database.Sql;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.runtime.ModuleSwitches;
import io.agroal.api.AgroalDataSource;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ResourceInfo;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;
import org.jspecify.annotations.Nullable;

/// Records requests that were refused with 401 or 403. They are counted in memory and written once
/// a minute, one event for each caller and operation, so that many wrong requests cost few events.
@Singleton
class Refusals {

  private static final Logger LOG = Logger.getLogger(Refusals.class);

  private static final ObjectMapper JSON = new ObjectMapper();

  /// Different events in a minute. Further ones are counted as one, without a caller.
  private static final int MAX_EVENTS = 100;

  private final ModuleSwitches modules;
  private final Callers callers;
  private final AgroalDataSource dataSource;
  private final Map<Refusal, Count> counts = new LinkedHashMap<>();

  Refusals(ModuleSwitches modules, Callers callers, AgroalDataSource dataSource) {
    this.modules = modules;
    this.callers = callers;
    this.dataSource = dataSource;
  }

  /// @param operation its `operationId`
  private record Refusal(String actor, @Nullable String address, String operation, int status) {}

  /// @param requestId of the first request
  private record Count(@Nullable String requestId, long requests) {}

  @ServerResponseFilter
  void count(
      ContainerRequestContext request,
      ContainerResponseContext response,
      @Nullable ResourceInfo resource) {
    int status = response.getStatus();
    if ((status == 401 || status == 403) && modules.isOn(AuditTrail.MODULE)) {
      // Asking for the identity of a request with a wrong key would look the key up again.
      Caller caller = status == 401 ? callers.ofRejectedRequest() : callers.ofRequest();
      add(
          new Refusal(caller.name(), caller.address(), operation(resource), status),
          caller.requestId());
    }
  }

  private static String operation(@Nullable ResourceInfo resource) {
    Operation operation =
        resource == null || resource.getResourceMethod() == null
            ? null
            : resource.getResourceMethod().getAnnotation(Operation.class);
    return operation == null ? "unknown" : operation.operationId();
  }

  private synchronized void add(Refusal refusal, @Nullable String requestId) {
    Refusal counted =
        counts.containsKey(refusal) || counts.size() < MAX_EVENTS
            ? refusal
            : new Refusal("anybody", null, "others", refusal.status());
    counts.merge(
        counted,
        new Count(requestId, 1),
        (before, _) -> new Count(before.requestId(), before.requests() + 1));
  }

  private synchronized List<Map.Entry<Refusal, Count>> take() {
    List<Map.Entry<Refusal, Count>> taken = List.copyOf(counts.entrySet());
    counts.clear();
    return taken;
  }

  private synchronized void putBack(List<Map.Entry<Refusal, Count>> taken) {
    for (Map.Entry<Refusal, Count> entry : taken) {
      if (counts.containsKey(entry.getKey()) || counts.size() < 2 * MAX_EVENTS) {
        counts.merge(
            entry.getKey(),
            entry.getValue(),
            (after, before) -> new Count(before.requestId(), before.requests() + after.requests()));
      }
    }
  }

  @Scheduled(
      every = "60s",
      delayed = "60s",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  void write() {
    List<Map.Entry<Refusal, Count>> taken = take();
    if (taken.isEmpty()) {
      return;
    }
    try {
      Sql.of(
              """
              INSERT INTO audit_event (actor, action, object, details, request_id, address)
              SELECT actor, ?, object, details::jsonb, request_id, address
                FROM unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[])
                     AS refusal (actor, object, details, request_id, address)
              """,
              AuditAction.ACCESS_REFUSED.value(),
              taken.stream().map(entry -> entry.getKey().actor()).toArray(String[]::new),
              taken.stream().map(entry -> entry.getKey().operation()).toArray(String[]::new),
              taken.stream().map(Refusals::details).toArray(String[]::new),
              taken.stream().map(entry -> entry.getValue().requestId()).toArray(String[]::new),
              taken.stream().map(entry -> entry.getKey().address()).toArray(String[]::new))
          .update(dataSource);
    } catch (SQLException e) {
      putBack(taken);
      LOG.warnf("Refusals not recorded: events=%s reason=%s", taken.size(), e.getMessage());
    }
  }

  private static String details(Map.Entry<Refusal, Count> entry) {
    try {
      return JSON.writeValueAsString(
          Map.of("status", entry.getKey().status(), "requests", entry.getValue().requests()));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Numbers are serializable as JSON", e);
    }
  }
}
