package dev.sheaf.document;

import static dev.sheaf.testing.Patience.await;

import com.pgvector.PGvector;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.search.SearchRequest;
import dev.sheaf.search.SearchService;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.arc.Arc;
import io.quarkus.arc.ManagedContext;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Compares `Embedding.nearest` with the service's own search and with plain SQL, in one process
/// and alternating. Not part of the tests: `make bench-entities`, described in `bench/README.md`.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class NearestBench {

  private static final int ROWS = Integer.getInteger("sheaf.bench.rows", 100_000);
  private static final int DIMENSIONS = 384;
  private static final int ROUNDS = 5;
  private static final long ROUND = Duration.ofSeconds(4).toNanos();

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject SearchService searches;
  @Inject MemoryBudget memory;

  @Test
  void compare() throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", DIMENSIONS));
    Space space = collections.activeSpace(collection);
    fill(space);
    List<float[]> vectors = queries(space);
    await()
        .atMost(Duration.ofMinutes(15))
        .until(() ->
            Api.search(collection, Map.of("vector", vectors.getFirst()))
                .extract()
                .path("strategy")
                .equals("hnsw"));
    Map<String, Contender> contenders = new LinkedHashMap<>();
    contenders.put("plain SQL", vector -> plain(space, vector));
    contenders.put(
        "search",
        vector -> {
          try (MemoryBudget.Account account = memory.open()) {
            return searches.search(collection, SearchRequest.nearest(vector, 10), null, account);
          }
        });
    contenders.put(
        "Embedding.nearest",
        vector ->
            QuarkusTransaction.requiringNew()
                .call(() -> Embedding.nearest(space, vector, 10).list()));
    for (int threads : new int[] {1, 4}) {
      var rates = new LinkedHashMap<String, List<Double>>();
      for (int round = 0; round <= ROUNDS; round++) {
        for (var contender : contenders.entrySet()) {
          double rate = rate(contender.getValue(), vectors, threads);
          // The first round is for the compiler.
          if (round > 0) {
            rates.computeIfAbsent(contender.getKey(), _ -> new ArrayList<>()).add(rate);
          }
        }
      }
      double raw = median(Objects.requireNonNull(rates.get("plain SQL")));
      rates.forEach((name, measured) ->
          System.out.printf(
              Locale.ROOT,
              "%d threads, %s: %.0f/s, %.2f of plain SQL%n",
              threads,
              name,
              median(measured),
              median(measured) / raw));
    }
  }

  private interface Contender {
    Object search(float[] vector) throws Exception;
  }

  private static double rate(Contender contender, List<float[]> vectors, int threads)
      throws Exception {
    long start = System.nanoTime();
    try (var executor = Executors.newFixedThreadPool(threads)) {
      Callable<Integer> loop =
          () -> {
            ManagedContext request = Arc.container().requestContext();
            request.activate();
            try {
              int count = 0;
              for (; System.nanoTime() - start < ROUND; count++) {
                contender.search(vectors.get(count % vectors.size()));
              }
              return count;
            } finally {
              request.terminate();
            }
          };
      long searches = 0;
      for (Future<Integer> count : executor.invokeAll(Collections.nCopies(threads, loop))) {
        searches += count.get();
      }
      return searches * 1e9 / (System.nanoTime() - start);
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  /// What `Embedding.nearest` asks for, as one would write it by hand: in one round trip.
  private Object plain(Space space, float[] vector) throws Exception {
    String element = space.precision().element("?", space.dimensions());
    String sql =
        """
        SET LOCAL hnsw.ef_search = 100;
        SELECT document_id, ordinal, vector <=> ? AS distance
          FROM %s
         ORDER BY vector::halfvec(384) <=> %s
         LIMIT 10
        """
            .formatted(space.embeddingTable(), element);
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try (PreparedStatement select = connection.prepareStatement(sql)) {
        select.setObject(1, new PGvector(vector));
        select.setObject(2, new PGvector(vector));
        select.execute();
        select.getMoreResults();
        int rows = 0;
        try (ResultSet row = select.getResultSet()) {
          while (row.next()) {
            rows += row.getInt(2) + 1;
          }
        }
        return rows;
      } finally {
        connection.commit();
        connection.setAutoCommit(true);
      }
    }
  }

  /// Vectors around 1,000 centres, because random ones are unlike any text.
  private void fill(Space space) throws Exception {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO %s (collection_id, id, external_id, content_hash)
          SELECT %s, md5(n::text)::uuid, 'd' || n, sha256('') FROM generate_series(1, %s) n
          """
              .formatted(space.documentTable(), space.collectionId(), ROWS));
      statement.execute(
          """
          INSERT INTO %s (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)
          SELECT %s, md5(n::text)::uuid, 0, 'text', 1, 0, 4 FROM generate_series(1, %s) n
          """
              .formatted(space.chunkTable(), space.collectionId(), ROWS));
      var random = new Random(1);
      float[][] centres =
          IntStream.range(0, 1_000).mapToObj(_ -> vector(random)).toArray(float[][]::new);
      try (BinaryCopy copy =
          BinaryCopy.into(
              connection,
              space.embeddingTable(),
              "space_id, collection_id, document_id, ordinal, vector")) {
        try (ResultSet id =
            dataSource
                .getConnection()
                .createStatement()
                .executeQuery("SELECT id FROM " + space.documentTable())) {
          while (id.next()) {
            float[] centre = centres[random.nextInt(centres.length)];
            copy.row()
                .bigint(space.id())
                .bigint(space.collectionId())
                .uuid(id.getObject(1, UUID.class))
                .integer(0)
                .vector(near(centre, random));
          }
        }
        copy.finish();
      }
      statement.execute("ANALYZE " + space.embeddingTable());
    }
  }

  private List<float[]> queries(Space space) throws Exception {
    var stored = new ArrayList<float[]>();
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT vector FROM "
                    + space.embeddingTable()
                    + " ORDER BY document_id LIMIT 1000")) {
      while (row.next()) {
        stored.add(((PGvector) row.getObject(1)).toArray());
      }
    }
    var random = new Random(2);
    return stored.stream().map(vector -> near(vector, random)).toList();
  }

  private static float[] near(float[] centre, Random random) {
    float[] vector = Arrays.copyOf(centre, centre.length);
    for (int i = 0; i < vector.length; i++) {
      vector[i] += (float) (0.3 * random.nextGaussian());
    }
    return vector;
  }

  private static float[] vector(Random random) {
    var vector = new float[DIMENSIONS];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }
}
