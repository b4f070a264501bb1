package dev.sheaf.contract;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// Sends raw HTTP/1.1. A client library would reject or correct the malformed requests that the
/// service must handle.
final class RawHttp implements AutoCloseable {

  private final URI base;
  private final Duration patience;
  private @Nullable Connection connection;

  /// @param patience the timeout of an answer
  RawHttp(URI base, Duration patience) {
    this.base = base;
    this.patience = patience;
  }

  /// @param target path and query, sent unchanged
  /// @param headers each without the line end, sent unchanged
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Request(String method, String target, List<String> headers, byte @Nullable [] body) {

    byte[] bytes() {
      var head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n");
      headers.forEach(header -> head.append(header).append("\r\n"));
      if (body != null) {
        head.append("Content-Length: ").append(body.length).append("\r\n");
      }
      byte[] first = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
      var all = new ByteArrayOutputStream();
      all.writeBytes(first);
      if (body != null) {
        all.writeBytes(body);
      }
      return all.toByteArray();
    }
  }

  /// @throws SocketTimeoutException if there is no answer in time
  Answer send(Request request) throws IOException {
    byte[] bytes = request.bytes();
    Connection used = connection;
    if (used != null) {
      try {
        return exchange(used, bytes);
      } catch (SocketTimeoutException e) {
        throw e;
      } catch (IOException e) {
        // The service may close an idle connection, so try a new one.
        close();
      }
    }
    connection = new Connection(base, patience);
    return exchange(connection, bytes);
  }

  private Answer exchange(Connection over, byte[] request) throws IOException {
    boolean reusable = false;
    try {
      over.socket.getOutputStream().write(request);
      Answer answer = over.read();
      reusable = !answer.headers().getOrDefault("connection", "").equalsIgnoreCase("close");
      return answer;
    } finally {
      if (!reusable) {
        close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (connection != null) {
      connection.socket.close();
      connection = null;
    }
  }

  private static final class Connection {

    private final Socket socket = new Socket();
    private final InputStream in;

    private Connection(URI base, Duration patience) throws IOException {
      socket.connect(new InetSocketAddress(base.getHost(), base.getPort()));
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) patience.toMillis());
      in = new BufferedInputStream(socket.getInputStream());
    }

    private Answer read() throws IOException {
      String status = line();
      while (status.startsWith("HTTP/1.1 100 ")) {
        line();
        status = line();
      }
      Map<String, String> headers = new HashMap<>();
      for (String header = line(); !header.isEmpty(); header = line()) {
        int colon = header.indexOf(':');
        headers.put(
            header.substring(0, colon).toLowerCase(Locale.ROOT),
            header.substring(colon + 1).strip());
      }
      return new Answer(Integer.parseInt(status.split(" ", 3)[1]), headers, body(headers));
    }

    private byte[] body(Map<String, String> headers) throws IOException {
      byte[] body = encodedBody(headers);
      return body.length > 0 && headers.getOrDefault("content-encoding", "").equals("gzip")
          ? new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes()
          : body;
    }

    private byte[] encodedBody(Map<String, String> headers) throws IOException {
      if (!headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
        return bytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
      }
      var body = new ByteArrayOutputStream();
      for (int length = Integer.parseInt(line(), 16);
          length > 0;
          length = Integer.parseInt(line(), 16)) {
        body.writeBytes(bytes(length));
        line();
      }
      line();
      return body.toByteArray();
    }

    private byte[] bytes(int length) throws IOException {
      byte[] bytes = in.readNBytes(length);
      if (bytes.length < length) {
        throw new EOFException("the answer broke off");
      }
      return bytes;
    }

    private String line() throws IOException {
      var line = new ByteArrayOutputStream();
      for (int next = in.read(); next != '\n'; next = in.read()) {
        if (next < 0) {
          throw new EOFException("the service hung up");
        }
        line.write(next);
      }
      return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }
  }
}
