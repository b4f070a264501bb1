package dev.sheaf.contract;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.contract.Contract.Operation;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// A hundred clients send or read a byte a second on every operation, while PostgreSQL vacuums the
/// tables and builds indexes concurrently. Each client is disconnected within the documented times,
/// or has its answer, and vacuum and index builds get on.
///
/// Without other options, the documented times are shorter. `-Dsheaf.soak.slow-world=true`, as in
/// `make soak`, keeps the defaults.
class SlowWorldSoak {

  private static final boolean SOAK = Boolean.getBoolean("sheaf.soak.slow-world");

  private static final int CLIENTS = 100;

  /// How many of them read.
  private static final int READERS = 15;

  private static final Map<String, String> TIMES =
      SOAK
          ? Map.of()
          : Map.of(
              "SHEAF_LIMITS_HEADER_TIMEOUT", "2s",
              "SHEAF_LIMITS_TRANSFER_GRACE", "2s",
              "SHEAF_LIMITS_STREAM_GRACE", "3s",
              "SHEAF_LIMITS_KEEP_ALIVE", "3s",
              "QUARKUS_HTTP_READ_TIMEOUT", "3s");

  /// The longest of the default times: that of an upload or an export. While the client sends or
  /// reads, it may be a little slower than its rate.
  private static final Duration DOCUMENTED = Duration.ofMinutes(5).plusSeconds(30);

  private static final Duration SLACK = Duration.ofSeconds(5);

  private static final String DOCUMENTS = "/api/v1/collections/c/documents";

  /// Answers that do not fit into the buffers of a connection.
  private static final List<String> LARGE =
      List.of(
          DOCUMENTS + "/big HTTP/1.1\n",
          DOCUMENTS + "/big/chunks HTTP/1.1\n",
          DOCUMENTS + " HTTP/1.1\nAccept: application/x-ndjson\n");

  private static final int BIG = 9_000_000;

  private static final Pattern IN_USE =
      Pattern.compile("(?m)^(sheaf_memory_reserved_bytes|sheaf_work_busy\\{[^}]*}) (?!0(\\.0)?$)");

  /// A client that sends a byte a second until its connection is closed, or it has an answer.
  ///
  /// @param ended how long that took
  private record Sender(String name, Socket socket, Future<Duration> ended) {}

  @Test
  void everybodyIsCutOffInTime() throws Exception {
    var over = new CountDownLatch(1);
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess service = SheafProcess.start(database, TIMES);
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
        Closeable _ = over::countDown) {
      fill(service);
      Future<List<Duration>> maintenance = threads.submit(() -> maintain(database, over));
      Future<Duration> oldest = threads.submit(() -> oldestSnapshot(database, over));
      long begun = System.nanoTime();

      List<Socket> readers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        readers.add(open(service, "GET " + LARGE.get(i % LARGE.size()) + "Host: localhost\n\n"));
      }
      List<Operation> operations = Contract.committed().operations();
      List<Sender> senders = new ArrayList<>();
      for (int i = 0; i < CLIENTS - READERS; i++) {
        Operation operation = operations.get(i % operations.size());
        Socket socket = open(service, i % 4 == 3 ? "" : head(operation, i));
        long since = System.nanoTime();
        senders.add(
            new Sender(
                operation.id(),
                socket,
                threads.submit(() -> {
                  firstByte(socket);
                  return Duration.ofNanos(System.nanoTime() - since);
                })));
      }
      var _ =
          clock.scheduleAtFixedRate(
              () -> {
                senders.forEach(sender -> send(sender.socket()));
                readers.forEach(SlowWorldSoak::read);
              },
              1,
              1,
              TimeUnit.SECONDS);

      var slowest = new TreeMap<Duration, String>();
      for (Sender sender : senders) {
        slowest.put(
            sender.ended().get(DOCUMENTED.plusMinutes(5).toSeconds(), TimeUnit.SECONDS),
            sender.name());
      }
      // Whatever the readers held is free, although they still read.
      await().atMost(DOCUMENTED.plusMinutes(5)).until(() -> isAtRest(service));
      // A reader whose answer is complete, but not read, is cut off a little later.
      assertThat(over.await(SLACK.toSeconds(), TimeUnit.SECONDS)).isFalse();
      Duration all = Duration.ofNanos(System.nanoTime() - begun);
      clock.shutdownNow();
      assertThat(clock.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
      for (Socket reader : readers) {
        assertThat(rest(reader)).isLessThan(BIG);
      }
      over.countDown();
      System.out.printf(
          "slow world: %s clients, the slowest sender cut off after %s, all after %s;"
              + " %s rounds of vacuum and index builds, the longest %s; oldest snapshot %s%n",
          CLIENTS,
          slowest.lastEntry(),
          all,
          maintenance.get().size(),
          maintenance.get().stream().max(Duration::compareTo).orElseThrow(),
          oldest.get());
      assertThat(oldest.get()).isLessThan(Duration.ofMinutes(10));
      assertThat(
              service
                  .send("POST", "/api/v1/collections/c/search", "{\"vector\":[1,0]}")
                  .statusCode())
          .isEqualTo(200);
      for (Sender sender : senders) {
        sender.socket().close();
      }
    }
  }

  private static boolean isAtRest(SheafProcess service) throws Exception {
    String metrics = service.send("GET", "/q/metrics", "").body();
    assertThat(metrics).contains("sheaf_memory_reserved_bytes ");
    return !IN_USE.matcher(metrics).find();
  }

  private static void fill(SheafProcess service) throws Exception {
    assertThat(
            service
                .send(
                    "POST",
                    "/api/v1/collections",
                    "{\"name\":\"c\",\"model\":\"none\",\"dimensions\":2}")
                .statusCode())
        .isEqualTo(201);
    String chunk = "{\"text\":\"" + ("t".repeat(999) + " ").repeat(95) + "\",\"vector\":[1,0]}";
    String big = "{\"chunks\":[" + chunk + ("," + chunk).repeat(95) + "]}";
    assertThat(service.send("PUT", DOCUMENTS + "/big", big).statusCode()).isEqualTo(201);
  }

  /// A request with a body, small or large, that does not end.
  private static String head(Operation operation, int number) {
    String type = operation.bodyType();
    return "%s %s HTTP/1.1\nHost: localhost\nContent-Type: %s\nContent-Length: %s\n\n"
        .formatted(
            operation.method(),
            operation.path().replace("{collection}", "c").replaceAll("\\{[^}]*}", "1"),
            type == null ? Contract.JSON_TYPE : type,
            number % 2 == 0 ? 1_000 : 1_000_000);
  }

  private static Socket open(SheafProcess service, String head) throws IOException {
    URI uri = service.uri("/");
    var socket = new Socket();
    // A client that reads little must not buffer its answer.
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
    socket.getOutputStream().write(head.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    return socket;
  }

  /// Waits for an answer, or the end of the connection.
  private static void firstByte(Socket socket) {
    try {
      socket.getInputStream().read();
    } catch (IOException e) {
      // The service has closed it.
    }
  }

  private static void send(Socket socket) {
    try {
      socket.getOutputStream().write('G');
    } catch (IOException e) {
      // The service has closed it.
    }
  }

  private static void read(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      if (in.available() > 0) {
        in.read();
      }
    } catch (IOException e) {
      // The service has closed it.
    }
  }

  /// The number of bytes that a reader still gets.
  private static long rest(Socket socket) throws IOException {
    long bytes = 0;
    try (socket) {
      socket.setSoTimeout(Math.toIntExact(Duration.ofMinutes(5).toMillis()));
      byte[] buffer = new byte[64 * 1024];
      for (int read; (read = socket.getInputStream().read(buffer)) >= 0; ) {
        bytes += read;
      }
    } catch (SocketException e) {
      // The service has closed it.
    }
    return bytes;
  }

  /// Vacuums, and builds an index, which waits for all older transactions of the database.
  ///
  /// @return how long each round took
  private static List<Duration> maintain(TestDatabase database, CountDownLatch over)
      throws Exception {
    List<Duration> rounds = new ArrayList<>();
    String partition = database.query("SELECT 'document_' || id FROM collection").getFirst();
    do {
      long start = System.nanoTime();
      for (String statement :
          List.of(
              "VACUUM document, chunk, embedding",
              "CREATE INDEX CONCURRENTLY slow_world_idx ON " + partition + " (created_at)",
              "DROP INDEX CONCURRENTLY slow_world_idx")) {
        database.execute(statement);
      }
      rounds.add(Duration.ofNanos(System.nanoTime() - start));
    } while (!over.await(1, TimeUnit.SECONDS));
    return rounds;
  }

  /// The greatest age of a transaction of the service.
  private static Duration oldestSnapshot(TestDatabase database, CountDownLatch over)
      throws Exception {
    double oldest = 0;
    do {
      oldest =
          Math.max(
              oldest,
              Double.parseDouble(
                  database
                      .query(
                          """
                          SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)
                            FROM pg_stat_activity
                           WHERE datname = current_database() AND pid <> pg_backend_pid()
                          """)
                      .getFirst()));
    } while (!over.await(1, TimeUnit.SECONDS));
    return Duration.ofMillis((long) (oldest * 1_000));
  }
}
