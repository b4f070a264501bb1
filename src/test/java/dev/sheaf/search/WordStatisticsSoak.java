package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The weights of words, after clients wrote and deleted for `sheaf.soak.writer-seconds`, compared
/// with a count from scratch. The words that they write change with the time, so that outdated
/// statistics are wrong.
class WordStatisticsSoak {

  private static final Duration TIME =
      Duration.ofSeconds(Integer.getInteger("sheaf.soak.writer-seconds", 60));

  private static final int WRITERS = 4;
  private static final int WORDS = 3_000;

  /// The number of chunks and their mean length are at most so old.
  private static final Duration KNOWN_FOR = Duration.ofSeconds(6);

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void areThoseOfACountFromScratch() throws Exception {
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess service = SheafProcess.start(database, Map.of())) {
      for (String name : List.of("small", "large")) {
        HttpResponse<String> created =
            service.send(
                "POST",
                "/api/v1/collections",
                "{\"name\":\"%s\",\"model\":\"none\",\"dimensions\":1,\"language\":\"simple\"}"
                    .formatted(name));
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        upload(service, name);
      }

      write(service);

      Thread.sleep(KNOWN_FOR);
      assertThat(worst(database, service, "small")).isLessThan(1e-3);
      // Autovacuum analyzes after a tenth of the rows changed, and looks once a minute.
      assertThat(worst(database, service, "large")).isLessThan(0.3);

      database.execute("ANALYZE");
      Thread.sleep(KNOWN_FOR);
      assertThat(worst(database, service, "large")).isLessThan(0.02);
    }
  }

  /// The small one has less than 1,000 chunks: of these, everything is counted.
  private static int documents(String collection) {
    return collection.equals("small") ? 300 : 15_000;
  }

  private static void upload(SheafProcess service, String collection) throws Exception {
    var random = new Random(1);
    String lines =
        IntStream.range(0, documents(collection))
            .mapToObj(i -> "{\"id\":\"d%s\",%s\n".formatted(i, document(random, 0).substring(1)))
            .collect(Collectors.joining());
    HttpResponse<String> loaded =
        service.upload(
            "/api/v1/collections/%s/documents".formatted(collection),
            Map.of(),
            new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
    assertThat(loaded.body()).contains("\"failed\":0");
  }

  /// @param age from 0 to 1; the first of the frequent words moves from the start of the list to
  ///   its middle
  private static String document(Random random, double age) {
    String chunks =
        IntStream.range(0, 1 + random.nextInt(3))
            .mapToObj(_ ->
                IntStream.range(0, 3 + random.nextInt(30))
                    .mapToObj(_ -> word(random, age))
                    .collect(Collectors.joining(" ", "{\"text\":\"", "\",\"vector\":[1]}")))
            .collect(Collectors.joining(","));
    return "{\"chunks\":[" + chunks + "]}";
  }

  private static String word(Random random, double age) {
    int rank = (int) Math.pow(WORDS, random.nextDouble());
    return "w" + (rank + (int) (age * WORDS / 2)) % WORDS;
  }

  private static void write(SheafProcess service) throws Exception {
    long start = System.nanoTime();
    var puts = new AtomicInteger();
    var deletions = new AtomicInteger();
    List<Callable<Void>> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      var random = new Random(10 + i);
      writers.add(() -> {
        while (System.nanoTime() - start < TIME.toNanos()) {
          double age = (double) (System.nanoTime() - start) / TIME.toNanos();
          String collection = random.nextInt(8) == 0 ? "small" : "large";
          String path =
              "/api/v1/collections/%s/documents/d%s"
                  .formatted(collection, random.nextInt(documents(collection)));
          if (random.nextInt(4) == 0) {
            assertThat(service.send("DELETE", path, "").statusCode()).isIn(204, 404);
            deletions.incrementAndGet();
          } else {
            assertThat(service.send("PUT", path, document(random, age)).statusCode())
                .isIn(200, 201);
            puts.incrementAndGet();
          }
        }
        return null;
      });
    }
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> writer : threads.invokeAll(writers)) {
        writer.get();
      }
    }
    System.out.printf("%s s: %s puts, %s deletions%n", TIME.toSeconds(), puts, deletions);
  }

  /// The largest difference of the weight of a word to the one that a count of all chunks gives.
  private static double worst(TestDatabase database, SheafProcess service, String collection)
      throws Exception {
    String table =
        database
            .query("SELECT 'chunk_' || id FROM collection WHERE name = '%s'".formatted(collection))
            .getFirst();
    double chunks = Double.parseDouble(database.query("SELECT count(*) FROM " + table).getFirst());
    double worst = 0;
    String worstWord = "none";
    for (int number = 0; number < WORDS; number += number < 100 ? 5 : 97) {
      String word = "w" + number;
      double with =
          Double.parseDouble(
              database
                  .query("SELECT count(*) FROM %s WHERE search @@ '%s'".formatted(table, word))
                  .getFirst());
      JsonNode hits = search(service, collection, word).get("hits");
      assertThat(hits.isEmpty()).as(word).isEqualTo(with == 0);
      if (with > 0) {
        double weight = hits.at("/0/explain/fulltext/words/0/weight").asDouble();
        double difference = Math.abs(weight - Math.log1p((chunks - with + 0.5) / (with + 0.5)));
        if (difference > worst) {
          worst = difference;
          worstWord = "%s in %s chunks, weight %s".formatted(word, (long) with, weight);
        }
      }
    }
    System.out.printf("%s: %.0f chunks, worst %.5f: %s%n", collection, chunks, worst, worstWord);
    return worst;
  }

  private static JsonNode search(SheafProcess service, String collection, String word)
      throws Exception {
    HttpResponse<String> response =
        service.send(
            "POST",
            "/api/v1/collections/%s/search".formatted(collection),
            "{\"text\":\"%s\",\"mode\":\"fulltext\",\"match\":\"any\",\"limit\":1,\"explain\":true}"
                .formatted(word));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }
}
