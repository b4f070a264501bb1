package dev.sheaf.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/// Failures between the client and the service. TransferIT tests imports into a real service.
class ImportTest {

  private record StubResponse(int status, String body) {}

  @Test
  void pollingAJobIsRetriedWhileTheServiceIsUnavailable() throws IOException {
    var listener = new RecordingListener(new ArrayList<>());
    Queue<StubResponse> responses =
        new ConcurrentLinkedQueue<>(
            List.of(
                new StubResponse(200, "{}"),
                new StubResponse(202, "{\"id\":7}"),
                new StubResponse(503, "{\"detail\":\"The database cannot be reached\"}"),
                new StubResponse(
                    200, "{\"id\":7,\"state\":\"completed\",\"read\":1,\"created\":1}"),
                new StubResponse(502, "<html>Bad Gateway</html>"),
                new StubResponse(200, "[]")));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getRequestBody().readAllBytes();
            StubResponse response = responses.remove();
            byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(response.status(), body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
    try (var client =
        new SheafClient(URI.create("http://localhost:" + server.getAddress().getPort()), null)) {
      ImportResult result = new Import(client, "notes", true, null, listener).run(new OneLine());

      assertThat(result).isEqualTo(new ImportResult("line", 7L, 1, 1, 0, 0, 0, 0, List.of()));
      assertThat(listener.reasons())
          .containsExactly("The database cannot be reached", "the service returned status 502");
    } finally {
      server.stop(0);
    }
  }

  private record OneLine() implements Upload {
    @Override
    public String name() {
      return "line";
    }

    @Override
    public long size() {
      return 2;
    }

    @Override
    public boolean isRepeatable() {
      return true;
    }

    @Override
    public boolean isCompressed() {
      return false;
    }

    @Override
    public InputStream open(LongConsumer read) {
      return new ByteArrayInputStream("{}".getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String location(long line) {
      return "line:" + line;
    }

    @Override
    public List<RejectedDocument> rejected() {
      return List.of();
    }
  }

  private record RecordingListener(List<String> reasons) implements TransferListener {
    @Override
    public void progress(String name, String what, long done, long total) {}

    @Override
    public void stored(String name, long job) {}

    @Override
    public void retrying(String name, String why, Duration pause) {
      reasons.add(why);
    }
  }
}
