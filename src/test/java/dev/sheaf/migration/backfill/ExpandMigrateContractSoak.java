package dev.sheaf.migration.backfill;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.Backfill.State;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.testing.SheafProcess;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The tutorial docs/expand-migrate-contract.md, with its files: three releases of the service
/// replace each other under load, and no request fails.
class ExpandMigrateContractSoak {

  private static final int ROWS = 5_000;
  private static final String BACKFILL = "shop/002_item_label";
  private static final Pattern FILE = Pattern.compile("(?s)`shop/(\\S+)`:\n\n```sql\n(.*?)```");

  /// Only the last release runs the backfill, so that the contract step has to wait for it.
  private static final Map<String, String> IDLE = Map.of("SHEAF_BACKFILL_ENABLED", "false");

  private static final Map<String, String> WORKING =
      Map.of("SHEAF_BACKFILL_CHECK_EVERY", "100ms", "SHEAF_BACKFILL_REST", "0.5");

  @TempDir private Path root;

  @Test
  void aColumnIsRenamedUnderLoad() throws Exception {
    try (Shop shop = Shop.withoutBackfill(root, ROWS);
        Load load = new Load(shop, shop.service(IDLE))) {
      fillCollection(load.service);
      load.search();
      load.use("name");
      load.use("name");
      load.awaitMore();

      // Expand: a replica of the next release starts while the previous one still serves.
      release("002_item_label");
      load.serveFrom(shop.service(IDLE));
      load.use("label");
      load.use("label");
      load.awaitMore();
      load.stopUsing("name");

      // Contract: deployed too early, which is harmless.
      release("003_item_label_complete", "004_item_name_away");
      load.serveFrom(shop.service(WORKING));
      assertThat(pending(shop))
          .containsExactly("shop/003_item_label_complete", "shop/004_item_name_away");

      // Migrate.
      await().until(() -> !List.of(State.PENDING, State.RUNNING).contains(backfill(shop).state()));
      assertThat(backfill(shop).progress()).isEqualTo("done");
      shop.up();
      assertThat(pending(shop)).isEmpty();
      load.awaitMore();
      load.stop();

      assertThat(load.failures).isEmpty();
      assertThat(shop.migrations().verify()).isEmpty();
      assertThat(
              shop.database()
                  .query(
                      "SELECT attname FROM pg_attribute WHERE attrelid = 'item'::regclass AND attnum > 0 AND NOT attisdropped"))
          .containsExactly("id", "label");
      assertThat(shop.database().query("SELECT count(*) FROM item"))
          .containsExactly(Integer.toString(ROWS));
    }
  }

  private static Backfill backfill(Shop shop) {
    return shop.backfills().find(BACKFILL).orElseThrow();
  }

  private static List<String> pending(Shop shop) {
    return shop.migrations().status().modules().stream()
        .map(SchemaStatus.Module::pending)
        .flatMap(List::stream)
        .toList();
  }

  /// Copies the files of the page into the changelogs.
  private void release(String... names) throws IOException {
    Matcher file = FILE.matcher(Files.readString(Path.of("docs", "expand-migrate-contract.md")));
    List<String> written = new ArrayList<>();
    while (file.find()) {
      String name = file.group(1).substring(0, file.group(1).indexOf('.'));
      if (List.of(names).contains(name)) {
        Files.writeString(root.resolve("shop").resolve(file.group(1)), file.group(2));
        written.add(name);
      }
    }
    assertThat(written).contains(names);
  }

  private static void fillCollection(SheafProcess service) throws Exception {
    assertThat(
            service
                .send(
                    "POST",
                    "/api/v1/collections",
                    "{\"name\": \"live\", \"model\": \"none\", \"dimensions\": 2}")
                .statusCode())
        .isEqualTo(201);
    assertThat(
            service
                .send(
                    "PUT",
                    "/api/v1/collections/live/documents/moon",
                    "{\"chunks\": [{\"text\": \"The Moon turns\", \"vector\": [1, 0]}]}")
                .statusCode())
        .isEqualTo(201);
  }

  /// Clients that send requests all the time, and their failures.
  private static final class Load implements AutoCloseable {
    private final Shop shop;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final List<Client> clients = new ArrayList<>();

    /// Requests hold the read lock, so that no replica is stopped during a request.
    private final ReentrantReadWriteLock serving = new ReentrantReadWriteLock();

    private volatile SheafProcess service;

    private Load(Shop shop, SheafProcess service) {
      this.shop = shop;
      this.service = service;
    }

    /// Switches to another replica when it is ready, and stops the previous one when it has no more
    /// requests.
    void serveFrom(SheafProcess replica) {
      SheafProcess before = service;
      await()
          .untilAsserted(() -> {
            HttpResponse<String> ready = replica.send("GET", "/q/health/ready", "");
            assertThat(ready.statusCode()).as(ready.body()).isEqualTo(200);
          });
      serving.writeLock().lock();
      try {
        service = replica;
      } finally {
        serving.writeLock().unlock();
      }
      before.close();
    }

    void search() {
      clients.add(
          new Client(
              "search",
              () -> {
                serving.readLock().lock();
                try {
                  HttpResponse<String> answer =
                      service.send(
                          "POST", "/api/v1/collections/live/search", "{\"vector\": [1, 0]}");
                  assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                } finally {
                  serving.readLock().unlock();
                }
              }));
    }

    /// A version of the application that uses this column name.
    void use(String column) {
      clients.add(
          new Client(
              column,
              () -> {
                long id = 1 + ThreadLocalRandom.current().nextLong(ROWS);
                String value = column + " " + ThreadLocalRandom.current().nextLong();
                assertThat(
                        shop.database()
                            .query(
                                "UPDATE item SET %1$s = '%2$s' WHERE id = %3$s RETURNING %1$s"
                                    .formatted(column, value, id)))
                    .containsExactly(value);
              }));
    }

    void stopUsing(String column) {
      clients.stream().filter(client -> client.name.equals(column)).forEach(Client::stop);
    }

    /// Waits until every client has completed several more requests.
    void awaitMore() {
      for (Client client : clients) {
        long target = client.requests.get() + 5;
        await().until(() -> client.isStopped() || client.requests.get() >= target);
      }
    }

    void stop() {
      clients.forEach(Client::stop);
    }

    @Override
    public void close() {
      stop();
      service.close();
    }

    /// One request.
    private interface Request {
      void send() throws Exception;
    }

    /// Sends requests until it is stopped.
    private final class Client {
      private final String name;
      private final AtomicLong requests = new AtomicLong();
      private final Thread thread;
      private volatile boolean stopped;

      private Client(String name, Request request) {
        this.name = name;
        this.thread =
            Thread.ofVirtual()
                .start(() -> {
                  while (!stopped) {
                    try {
                      request.send();
                      // So that the service and the backfill get processor time.
                      Thread.sleep(5);
                    } catch (Exception | AssertionError e) {
                      failures.add(name + ": " + e);
                    }
                    requests.incrementAndGet();
                  }
                });
      }

      private boolean isStopped() {
        return stopped;
      }

      private void stop() {
        stopped = true;
        await().until(() -> !thread.isAlive());
      }
    }
  }
}
