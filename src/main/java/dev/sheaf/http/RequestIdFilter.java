package dev.sheaf.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jboss.logging.MDC;

/// Gives each request its ID before any other handler runs, in the response and in every log line
/// of the request.
@ApplicationScoped
class RequestIdFilter {

  /// Higher than the priority of all other filters.
  private static final int FIRST = 10_000;

  void register(@Observes Filters filters) {
    filters.register(
        call -> {
          String id = RequestId.of(call);
          call.response().putHeader(RequestId.HEADER, id);
          MDC.put(RequestId.LOGGED, id);
          call.next();
        },
        FIRST);
  }
}
