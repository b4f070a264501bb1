package dev.sheaf.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jboss.logging.MDC;

/// Names each request before anything else happens to it: in its answer, and in every line that is
/// logged while it is worked on.
@ApplicationScoped
class RequestNaming {

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
