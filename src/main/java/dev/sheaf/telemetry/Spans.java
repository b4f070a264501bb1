package dev.sheaf.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Spans below those of requests, which Quarkus makes. Without anybody to send them to, calls are
/// made as if this were not there.
@ApplicationScoped
public class Spans {

  private final Tracer tracer;
  private final boolean off;

  Spans(Tracer tracer, @ConfigProperty(name = "quarkus.otel.sdk.disabled") boolean off) {
    this.tracer = tracer;
    this.off = off;
  }

  /// What a span is around.
  public interface Work<T, X extends Exception> {
    T run() throws X;
  }

  /// Whether nobody will see any span.
  public boolean isOff() {
    return off;
  }

  /// Does work in PostgreSQL.
  ///
  /// @param name of the work, one of a few
  /// @param table what it is done to
  public <T, X extends Exception> T sql(String name, String table, Work<T, X> work) throws X {
    return off
        ? work.run()
        : in(
            tracer
                .spanBuilder(name)
                .setSpanKind(SpanKind.CLIENT)
                .setAttribute("db.system.name", "postgresql")
                .setAttribute("db.collection.name", table)
                .startSpan(),
            work);
  }

  /// Embeds texts.
  public <T, X extends Exception> T embedding(String model, int texts, Work<T, X> work) throws X {
    return off
        ? work.run()
        : in(
            tracer
                .spanBuilder("embed")
                .setAttribute("sheaf.model", model)
                .setAttribute("sheaf.texts", texts)
                .startSpan(),
            work);
  }

  /// A failure is named by its class alone: its message may hold what nobody else is to read.
  private static <T, X extends Exception> T in(Span span, Work<T, X> work) throws X {
    try (Scope _ = span.makeCurrent()) {
      return work.run();
    } catch (Throwable failure) {
      span.setStatus(StatusCode.ERROR).setAttribute("error.type", failure.getClass().getName());
      throw failure;
    } finally {
      span.end();
    }
  }
}
