package dev.sheaf.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Creates spans inside of a request's span, which Quarkus creates. If tracing is off, the work
/// runs without a span.
@Singleton
public class Spans {

  private final Tracer tracer;
  private final boolean off;

  Spans(Tracer tracer, @ConfigProperty(name = "quarkus.otel.sdk.disabled") boolean off) {
    this.tracer = tracer;
    this.off = off;
  }

  /// The operation that a span covers.
  public interface Traced<T, X extends Exception> {
    T run() throws X;
  }

  /// Whether tracing is off.
  public boolean isOff() {
    return off;
  }

  /// Runs SQL in a span.
  ///
  /// @param name the name of the span; there must be few different ones
  public <T, X extends Exception> T sql(String name, String table, Traced<T, X> work) throws X {
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

  /// Embeds texts in a span.
  public <T, X extends Exception> T embedding(String model, int texts, Traced<T, X> work) throws X {
    return ofModel("embed", model, texts, work);
  }

  private <T, X extends Exception> T ofModel(
      String name, String model, int texts, Traced<T, X> work) throws X {
    return off
        ? work.run()
        : in(
            tracer
                .spanBuilder(name)
                .setAttribute("sheaf.model", model)
                .setAttribute("sheaf.texts", texts)
                .startSpan(),
            work);
  }

  /// Reranks texts in a span.
  public <T, X extends Exception> T reranking(String model, int texts, Traced<T, X> work) throws X {
    return ofModel("rerank", model, texts, work);
  }

  /// The span of a failure contains only the name of the exception's class, because the message may
  /// contain text of documents.
  private static <T, X extends Exception> T in(Span span, Traced<T, X> work) throws X {
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
