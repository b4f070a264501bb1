package harness;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/// One connection that is kept open, over a plain socket, because a client that costs less leaves
/// more of the machine to what is measured.
final class HttpClient implements AutoCloseable {

  private static final int LONGEST_MILLIS = 30 * 60_000;

  private final Service service;
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  HttpClient(Service service) throws IOException {
    this.service = service;
    this.socket = new Socket(service.base().getHost(), service.base().getPort());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(LONGEST_MILLIS);
    this.in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
    this.out = socket.getOutputStream();
  }

  /// @param status the HTTP status
  record Answer(int status, byte[] body) {

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    /// @throws IllegalStateException when it is no success
    Answer orFail() {
      if (status / 100 != 2) {
        throw new IllegalStateException("HTTP " + status + ": " + text());
      }
      return this;
    }
  }

  /// A request as it goes over the wire.
  static byte[] request(Service service, String method, String path, byte[] body) {
    byte[] head = head(service, method, path, "application/json", body.length);
    byte[] request = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    return request;
  }

  private static byte[] head(
      Service service, String method, String path, String type, long length) {
    return """
    %s %s HTTP/1.1
    Host: %s
    Authorization: Bearer %s
    Content-Type: %s
    Content-Length: %d

    """
        .formatted(method, path, service.base().getAuthority(), service.key(), type, length)
        .replace("\n", "\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  static Answer once(Service service, String method, String path, String json) throws IOException {
    try (var client = new HttpClient(service)) {
      return client.send(request(service, method, path, json.getBytes(StandardCharsets.UTF_8)));
    }
  }

  Answer send(byte[] request) throws IOException {
    out.write(request);
    return answer();
  }

  /// Sends a file as `application/x-ndjson`.
  Answer upload(String path, Path file) throws IOException {
    out.write(head(service, "POST", path, "application/x-ndjson", Files.size(file)));
    Files.copy(file, out);
    return answer();
  }

  private Answer answer() throws IOException {
    int status = Integer.parseInt(line().split(" ", 3)[1]);
    int length = -1;
    boolean chunked = false;
    for (String line = line(); !line.isEmpty(); line = line()) {
      String header = line.toLowerCase(Locale.ROOT);
      if (header.startsWith("content-length:")) {
        length = Integer.parseInt(header.substring(15).strip());
      }
      chunked |= header.startsWith("transfer-encoding:") && header.endsWith("chunked");
    }
    return new Answer(status, chunked ? chunks() : in.readNBytes(Math.max(0, length)));
  }

  private byte[] chunks() throws IOException {
    byte[] body = {};
    while (true) {
      int length = Integer.parseInt(line().strip(), 16);
      int before = body.length;
      body = Arrays.copyOf(body, before + length);
      in.readNBytes(body, before, length);
      line();
      if (length == 0) {
        return body;
      }
    }
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the service closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
