package dev.sheaf.limits;

import dev.sheaf.http.Streamed;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.Durations;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Rejects a body that arrives more slowly than `sheaf.limits.transfer-rate`, or an upload that
/// arrives more slowly than `sheaf.limits.stream-rate`, so that a client that sends a byte now and
/// then does not keep what its request holds. [SmallBodyReader] limits the time of the bodies that
/// it reads.
///
/// It runs before the body is decompressed, so that the bytes of the client count.
final class SlowBodies {

  private final TransferRate ofBodies;
  private final TransferRate ofStreams;

  SlowBodies(LimitsConfig config) {
    this.ofBodies = TransferRate.of(config);
    this.ofStreams = TransferRate.ofStreams(config);
  }

  @ServerRequestFilter(priority = Priorities.ENTITY_CODER - 1)
  void guard(ContainerRequestContext request, ResourceInfo resource, RoutingContext call) {
    if (call.body().buffer() == null && BodyLimit.hasBody(call.request())) {
      boolean streamed = resource.getResourceMethod().isAnnotationPresent(Streamed.class);
      request.setEntityStream(
          new GuardedInputStream(request.getEntityStream(), streamed ? ofStreams : ofBodies, call));
    }
  }

  private static final class GuardedInputStream extends FilterInputStream {

    private final TransferRate rate;
    private final RoutingContext call;
    private long late;

    private GuardedInputStream(InputStream in, TransferRate rate, RoutingContext call) {
      super(in);
      this.rate = rate;
      this.call = call;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    /// Only the time counts that the client makes the service wait.
    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      long start = System.nanoTime();
      int bytes = in.read(buffer, offset, length);
      late = rate.late(late, System.nanoTime() - start, Math.max(bytes, 0));
      if (rate.isTooLate(late)) {
        BodyLimit.closeAfterResponse(call);
        throw new Problem(
            ProblemType.BODY_TOO_SLOW,
            "The body arrived at less than %s bytes per second for %s. Send it faster or in parts, or lower %s."
                .formatted(rate.bytesPerSecond(), Durations.text(rate.grace()), rate.setting()));
      }
      return bytes;
    }

    /// Reads the rest of a body that was rejected, so that the client sees the response. The
    /// connection of a client that sends it too slowly is closed, or its stream of HTTP/2.
    @Override
    public void close() throws IOException {
      byte[] ignored = new byte[8 * 1024];
      try {
        while (!rate.isTooLate(late) && read(ignored, 0, ignored.length) >= 0) {}
      } catch (Problem tooSlow) {
        if (call.request().version() == HttpVersion.HTTP_2) {
          call.response().reset(Http2Error.CANCEL.code());
        } else {
          call.request().connection().close();
        }
      }
    }
  }
}
