package dev.sheaf.migration.service;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.Backfill.State;
import dev.sheaf.migration.backfill.RowLock;
import dev.sheaf.migration.backfill.Shop;
import dev.sheaf.testing.SheafProcess;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The replicas of the service run a backfill, one at a time.
class BackfillServiceIT {

  private static final int ROWS = 20_000;

  @TempDir private Path root;

  @Test
  void anotherReplicaResumesAfterAKill() throws Exception {
    try (Shop shop = Shop.besideTheService(root, ROWS)) {
      shop.up();
      try (RowLock lock = RowLock.onRow(shop, ROWS / 2);
          SheafProcess first = start(shop)) {
        await().until(() -> shop.backfill().worker() != null);
        String killed = shop.backfill().worker();
        try (SheafProcess second = start(shop)) {
          assertThat(shop.backfill().state()).isEqualTo(State.RUNNING);
          first.kill();

          await()
              .until(
                  () -> shop.backfill().worker(),
                  worker -> worker != null && !worker.equals(killed));
          lock.release();
          await().until(() -> shop.backfill().state() == State.DONE);

          assertThat(shop.touched()).containsExactly("1: " + ROWS);
          assertThat(second.log())
              .anyMatch(line -> line.contains("Backfill started: name=shop/002_touched rows="))
              .anyMatch(line -> line.contains("Backfill done: name=shop/002_touched rows=20000"));
        }
      }
    }
  }

  @Test
  void anOrderlyShutdownReleasesTheLease() throws Exception {
    try (Shop shop = Shop.besideTheService(root, ROWS)) {
      shop.up();
      try (RowLock _ = RowLock.onRow(shop, ROWS);
          SheafProcess service = start(shop)) {
        await().until(() -> shop.backfill().rowsDone() > 0);
        assertThat(get(service, "/api/v1/schema").body())
            .contains("\"backfills\":[{\"name\":\"shop/002_touched\"");
      }
      Backfill left = shop.backfill();
      assertThat(left.state()).isEqualTo(State.RUNNING);
      assertThat(left.worker()).isNull();

      shop.runAll();

      assertThat(shop.touched()).containsExactly("1: " + ROWS);
    }
  }

  /// A row that this version does not understand is an error of another kind than a database that
  /// is away.
  @Test
  void anUnexpectedErrorDoesNotEndTheWorker() throws Exception {
    try (Shop shop = Shop.besideTheService(root, 100)) {
      shop.up();
      shop.execute("UPDATE backfill SET key = ARRAY[NULL]");
      try (SheafProcess service = start(shop)) {
        await()
            .until(
                () -> service.log().stream().anyMatch(line -> line.contains("Backfills not run")));
        shop.execute("UPDATE backfill SET key = ARRAY['id']");

        await().until(() -> shop.backfill().state() == State.DONE);
      }
    }
  }

  @Test
  void controlOverHttpCanBeSwitchedOff() throws Exception {
    try (Shop shop = Shop.besideTheService(root, 10);
        SheafProcess service = shop.service(Map.of("SHEAF_BACKFILL_HTTP_CONTROL", "false"))) {
      assertThat(get(service, "/api/v1/backfills/shop/002_touched").statusCode()).isEqualTo(200);

      HttpResponse<String> refused =
          service.send("POST", "/api/v1/backfills/shop/002_touched/cancel", "");

      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(refused.body())
          .contains(
              "sheaf backfill cancel shop/002_touched, or set sheaf.backfill.http-control=true");
    }
  }

  private static HttpResponse<String> get(SheafProcess service, String path) throws Exception {
    return service.send("GET", path, "");
  }

  private static SheafProcess start(Shop shop) throws IOException {
    return shop.service(
        Map.of(
            "SHEAF_BACKFILL_LEASE", "1s",
            "SHEAF_BACKFILL_CHECK_EVERY", "100ms",
            "SHEAF_BACKFILL_REST", "0.5",
            "SHEAF_BACKFILL_MAX_BATCH", "20"));
  }
}
