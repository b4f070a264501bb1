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

/// Rejects bodies larger than `sheaf.http.max-body-size`: immediately if the request has a
/// `Content-Length`, otherwise when the first byte over the limit arrives. [Streamed] methods are
/// exempt.
final class BodyLimit {

  private final MemorySize limit;

  BodyLimit(
      @ConfigProperty(name = "sheaf.http.max-body-size", defaultValue = "10M") MemorySize limit) {
    this.limit = limit;
  }

  @ServerRequestFilter
  void limit(ContainerRequestContext request, ResourceInfo resource) {
    if (resource.getResourceMethod().isAnnotationPresent(Streamed.class)) {
      return;
    }
    String length = request.getHeaderString(HttpHeaders.CONTENT_LENGTH);
    if (length != null) {
      if (Long.parseLong(length) > limit.asLongValue()) {
        throw tooLarge();
      }
    } else if (request.hasEntity()) {
      request.setEntityStream(new LimitedInputStream(request.getEntityStream()));
    }
  }

  private Problem tooLarge() {
    return new Problem(
        ProblemType.BODY_TOO_LARGE,
        "The body may have at most "
            + limit.asLongValue()
            + " bytes. Send a smaller body, or raise sheaf.http.max-body-size.");
  }

  private final class LimitedInputStream extends FilterInputStream {

    private long remaining = limit.asLongValue();

    private LimitedInputStream(InputStream in) {
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
      remaining -= read;
      if (remaining < 0) {
        throw tooLarge();
      }
    }
  }
}
