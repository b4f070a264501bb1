package dev.sheaf.http;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.CountedInputStream;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/// Decompresses bodies with `Content-Encoding: gzip`, and rejects other encodings. Limits on the
/// size of a body apply to the decompressed body, because the filters that enforce them run later.
/// [Streamed] methods have no such limit, so their bodies may not decompress to far more than they
/// are.
final class ContentEncoding {

  /// Text of documents decompresses to 3 to 20 times its compressed size.
  static final int MAX_RATIO = 200;

  /// The ratio does not matter before this many bytes are decompressed.
  private static final long ALWAYS_ACCEPTED = 8L * 1024 * 1024;

  private static final int BUFFER_BYTES = 64 * 1024;

  private final Map<Method, Boolean> methodsWithBody = new ConcurrentHashMap<>();

  @ServerRequestFilter(priority = Priorities.ENTITY_CODER)
  void decode(ContainerRequestContext request, ResourceInfo resource) {
    String encoding = request.getHeaderString(HttpHeaders.CONTENT_ENCODING);
    if (encoding == null
        || !request.hasEntity()
        || !methodsWithBody.computeIfAbsent(
            resource.getResourceMethod(), ContentEncoding::hasBody)) {
      return;
    }
    switch (encoding.strip().toLowerCase(Locale.ROOT)) {
      case "identity", "" -> {}
      case "gzip", "x-gzip" -> {
        request.setEntityStream(
            new Decompressed(
                request.getEntityStream(),
                resource.getResourceMethod().isAnnotationPresent(Streamed.class)));
        // The length of the decompressed body is not known.
        request.getHeaders().remove(HttpHeaders.CONTENT_LENGTH);
      }
      default ->
          throw new Problem(
              ProblemType.UNSUPPORTED_MEDIA_TYPE,
              "Content-Encoding " + encoding + " is not supported. Send gzip, or no encoding.");
    }
  }

  /// Whether the method has a parameter without an annotation, which is the body.
  private static boolean hasBody(Method method) {
    return Arrays.stream(method.getParameterAnnotations())
        .anyMatch(annotations -> annotations.length == 0);
  }

  /// The decompressed body. The header of the compressed data is read on first use, by the thread
  /// that may wait for it.
  private static final class Decompressed extends InputStream {

    private final Counted compressed;
    private final boolean streamed;
    private @Nullable InputStream decompressed;
    private long count;

    private Decompressed(InputStream compressed, boolean streamed) {
      this.compressed = new Counted(compressed);
      this.streamed = streamed;
    }

    private InputStream decompressed() throws IOException {
      if (decompressed == null) {
        try {
          decompressed = new GZIPInputStream(compressed, BUFFER_BYTES);
        } catch (ZipException | java.io.EOFException e) {
          throw new Problem(
              ProblemType.BODY_BROKEN_OFF,
              "The body is not gzip, although Content-Encoding is gzip.");
        }
      }
      return decompressed;
    }

    @Override
    public int read() throws IOException {
      int value = decompressed().read();
      count(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = decompressed().read(buffer, offset, length);
      count(Math.max(read, 0));
      return read;
    }

    private void count(int read) {
      count += read;
      if (streamed && count > ALWAYS_ACCEPTED && count / MAX_RATIO > compressed.count) {
        throw new Problem(
            ProblemType.BODY_TOO_LARGE,
            "The upload decompresses to more than "
                + MAX_RATIO
                + " times its size. Send it in parts, or without compression.");
      }
    }

    @Override
    public int available() throws IOException {
      return decompressed().available();
    }

    @Override
    public void close() throws IOException {
      compressed.close();
    }
  }

  private static final class Counted extends CountedInputStream {

    private long count;

    private Counted(InputStream in) {
      super(in);
    }

    @Override
    protected void count(int bytes) {
      count += bytes;
    }
  }
}
