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

/// What may happen on the way to a service. That a real one loads what is sent, TransferIT shows.
class ImportTest {

  private record Answer(int status, String body) {}

  @Test
  void aServiceThatIsAwayForAMomentIsAskedAgainHowFarAJobIs() throws IOException {
    var heard = new Heard(new ArrayList<>());
    Queue<Answer> answers =
        new ConcurrentLinkedQueue<>(
            List.of(
                new Answer(200, "{}"),
                new Answer(202, "{\"id\":7}"),
                new Answer(503, "{\"detail\":\"The database cannot be reached\"}"),
                new Answer(200, "{\"id\":7,\"state\":\"completed\",\"read\":1,\"created\":1}"),
                new Answer(502, "<html>Bad Gateway</html>"),
                new Answer(200, "[]")));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getRequestBody().readAllBytes();
            Answer answer = answers.remove();
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
    try (var service =
        new Service(URI.create("http://localhost:" + server.getAddress().getPort()), null)) {
      ImportResult result = new Import(service, "notes", true, null, heard).run(new OneLine());

      assertThat(result).isEqualTo(new ImportResult("line", 7L, 1, 1, 0, 0, 0, 0, List.of()));
      assertThat(heard.reasons())
          .containsExactly("The database cannot be reached", "the service answers with status 502");
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
    public String place(long line) {
      return "line:" + line;
    }

    @Override
    public List<Refusal> unread() {
      return List.of();
    }
  }

  private record Heard(List<String> reasons) implements TransferListener {
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
