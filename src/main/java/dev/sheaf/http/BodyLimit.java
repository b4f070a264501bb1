package dev.sheaf.http;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Refuses bodies over `sheaf.http.max-body-size`: at once when the request says how long it is,
/// otherwise as soon as one byte too many arrives. [Streamed] methods are let through.
final class BodyLimit {

  private final MemorySize limit;

  BodyLimit(
      @ConfigProperty(name = "sheaf.http.max-body-size", defaultValue = "10M") MemorySize limit) {
    this.limit = limit;
  }

  @ServerRequestFilter
  void bound(ContainerRequestContext request, ResourceInfo resource) {
    if (resource.getResourceMethod().isAnnotationPresent(Streamed.class)) {
      return;
    }
    String length = request.getHeaderString(HttpHeaders.CONTENT_LENGTH);
    if (length != null) {
      if (Long.parseLong(length) > limit.asLongValue()) {
        throw tooLarge();
      }
    } else if (request.hasEntity()) {
      request.setEntityStream(new Bounded(request.getEntityStream()));
    }
  }

  private Problem tooLarge() {
    return new Problem(
        ProblemType.BODY_TOO_LARGE,
        "at most "
            + limit.asLongValue()
            + " bytes are accepted (sheaf.http.max-body-size); split the document");
  }

  private final class Bounded extends FilterInputStream {

    private long left = limit.asLongValue();

    private Bounded(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      count(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      count(Math.max(read, 0));
      return read;
    }

    private void count(int read) {
      left -= read;
      if (left < 0) {
        throw tooLarge();
      }
    }
  }
}
