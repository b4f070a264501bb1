package dev.sheaf.index;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.pgvector.PGvector;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.database.Replicas;
import dev.sheaf.database.SessionTimeouts;
import dev.sheaf.database.SqlStates;
import dev.sheaf.embedding.Space;
import dev.sheaf.search.Hit;
import dev.sheaf.search.Query;
import dev.sheaf.search.SearchConfig;
import dev.sheaf.search.SearchExecution;
import dev.sheaf.search.SearchExecution.ExecutionResult;
import dev.sheaf.search.SearchPlan;
import dev.sheaf.search.SearchRequest;
import dev.sheaf.search.SearchSql;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.IntStream;

/// Measures recall: finds the nearest neighbours of some vectors exactly, searches for the same
/// vectors through the index with the statement of client searches, and counts the hits that the
/// index misses.
///
/// A stored vector has links to its nearest neighbours in the graph, so a search for it finds more
/// than a client's search would. The sample therefore consists of midpoints between stored vectors:
/// harder than client queries, but similar. If several vectors have the same distance, each of them
/// is correct.
@ApplicationScoped
class RecallMeasurer {

  /// The default limit of a search.
  static final int K = 10;

  /// For how many vectors one pass over all vectors finds the nearest neighbours: reading a vector
  /// costs as much as comparing it several times.
  private static final int PASS = 25;

  /// The same for the first pass. In a very large collection, a longer one might not end in time.
  private static final int FIRST_PASS = 5;

  /// The `ef` of the index searches that limit what a pass looks for.
  private static final int LIMITING_EF = 100;

  private static final long MAX_SAMPLE_BYTES = 4L * 1024 * 1024;
  private static final long KEPT_BYTES = 16L * 1024 * 1024;

  private final AgroalDataSource dataSource;
  private final Replicas replicas;
  private final SearchExecution execution;
  private final IndexTable table;
  private final SearchConfig search;
  private final IndexConfig config;

  /// By space.
  private final Cache<Long, KeptSample> kept =
      Caffeine.newBuilder()
          .maximumWeight(KEPT_BYTES)
          .<Long, KeptSample>weigher((_, sample) -> sample.sample().bytes())
          .executor(Runnable::run)
          .build();

  RecallMeasurer(
      AgroalDataSource dataSource,
      Replicas replicas,
      SearchExecution execution,
      IndexTable table,
      SearchConfig search,
      IndexConfig config) {
    this.dataSource = dataSource;
    this.replicas = replicas;
    this.execution = execution;
    this.table = table;
    this.search = search;
    this.config = config;
  }

  /// A sample that is valid until rows are written.
  ///
  /// @param changes of the rows before it was read
  private record KeptSample(long changes, SampledVectors sample) {}

  /// Vectors to search for, with the exact nearest neighbours of the first of them. One measurement
  /// at a time uses it.
  static final class SampledVectors {
    private final List<float[]> vectors;
    private final List<GroundTruth> known = new ArrayList<>();

    SampledVectors(List<float[]> vectors) {
      this.vectors = vectors;
    }

    boolean isEmpty() {
      return vectors.isEmpty();
    }

    private int bytes() {
      return vectors.stream().mapToInt(vector -> vector.length * Float.BYTES).sum();
    }
  }

  /// The exact nearest neighbours of a vector.
  ///
  /// @param hits their number, at most [#K]
  /// @param farthest the greatest distance among them
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record GroundTruth(float[] vector, int hits, double farthest) {}

  /// Vectors halfway between stored vectors, with the nearest neighbours that are known from an
  /// earlier measurement if no row was written since.
  SampledVectors storedVectors(Space space) throws SQLException {
    long changes = table.changes(space);
    KeptSample found = kept.getIfPresent(space.id());
    if (found == null || found.changes() != changes) {
      found = new KeptSample(changes, new SampledVectors(midpoints(space)));
      kept.put(space.id(), found);
    }
    return found.sample();
  }

  /// The selection is by hash, so every measurement uses the same stored vectors unless they were
  /// deleted, and results are comparable. Takes one scan of the table.
  private List<float[]> midpoints(Space space) throws SQLException {
    var stored = new ArrayList<float[]>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                """
                SELECT vector::vector
                  FROM %s
                 ORDER BY hash_record_extended(ROW(document_id, ordinal), 0)
                 LIMIT %s
                """
                    .formatted(
                        space.embeddingTable(),
                        Math.min(
                            config.sample(),
                            MAX_SAMPLE_BYTES / ((long) space.dimensions() * Float.BYTES))))) {
      SessionTimeouts.allowAnyTime(connection);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          stored.add(((PGvector) row.getObject(1)).toArray());
        }
      }
    }
    return IntStream.range(0, stored.size())
        .mapToObj(i -> midpoint(stored.get(i), stored.get((i + 1) % stored.size())))
        .toList();
  }

  /// The mean of both, or `one` if that is the zero vector, which has no direction to search for.
  private static float[] midpoint(float[] one, float[] other) {
    var midpoint = new float[one.length];
    boolean zero = true;
    for (int i = 0; i < one.length; i++) {
      midpoint[i] = (one[i] + other[i]) / 2;
      zero &= midpoint[i] == 0;
    }
    return zero ? one : midpoint;
  }

  /// Measures with one `ef`, until the recall is known as precisely as configured, or the sample or
  /// the time is over.
  ///
  /// @return empty if the time was over before the first nearest neighbours were found
  Optional<MeasuredRecall> measure(Space space, SampledVectors sample, int ef) throws SQLException {
    var counter = new RecallCounter(space, ef);
    long deadline = deadline();
    int measured = 0;
    List<GroundTruth> next;
    do {
      next = groundTruths(space, sample, measured, deadline);
      for (GroundTruth groundTruth : next) {
        counter.add(groundTruth);
      }
      measured += next.size();
    } while (!next.isEmpty() && !counter.isPrecise());
    return counter.result();
  }

  /// The exact nearest neighbours of each vector, until the time is over.
  List<GroundTruth> groundTruths(Space space, SampledVectors sample) throws SQLException {
    long deadline = deadline();
    int found = 0;
    int more;
    do {
      more = groundTruths(space, sample, found, deadline).size();
      found += more;
    } while (more > 0);
    return List.copyOf(sample.known);
  }

  /// Measures with one `ef` against known nearest neighbours.
  ///
  /// @param groundTruths at least one
  MeasuredRecall measureAgainst(List<GroundTruth> groundTruths, Space space, int ef)
      throws SQLException {
    var counter = new RecallCounter(space, ef);
    for (GroundTruth groundTruth : groundTruths) {
      counter.add(groundTruth);
    }
    return counter.result().orElseThrow();
  }

  private long deadline() {
    return System.nanoTime() + config.measureAtMost().toNanos();
  }

  /// The nearest neighbours of the next vectors of a sample.
  ///
  /// @return empty if the sample or the time is over
  private List<GroundTruth> groundTruths(
      Space space, SampledVectors sample, int from, long deadline) throws SQLException {
    List<GroundTruth> known = sample.known;
    int size = from == 0 ? FIRST_PASS : PASS;
    int end = Math.min(from + size, sample.vectors.size());
    if (known.size() < end) {
      try {
        known.addAll(onePass(space, sample.vectors.subList(known.size(), end), deadline));
      } catch (SQLException e) {
        if (!SqlStates.QUERY_CANCELED.equals(e.getSQLState())) {
          throw e;
        }
      }
    }
    return List.copyOf(known.subList(from, Math.max(from, Math.min(end, known.size()))));
  }

  /// The nearest neighbours of some vectors, found in one pass over all vectors. It looks only for
  /// those that are nearer than the farthest hit of an index search.
  ///
  /// @throws SQLException with state `57014` if the time is over
  private List<GroundTruth> onePass(Space space, List<float[]> vectors, long deadline)
      throws SQLException {
    var hits = new ArrayList<GroundTruth>();
    var sample = new StringJoiner(", ");
    var isNearer = new StringJoiner(" OR ");
    var nearer = new ArrayList<List<Double>>();
    for (int i = 0; i < vectors.size(); i++) {
      hits.add(hits(space, vectors.get(i), left(deadline)));
      sample.add("(%s, ?::%s, ?::float8)".formatted(i, space.storage().type()));
      isNearer.add(
          "e.vector %2$s (SELECT vector FROM sample WHERE number = %1$s) < (SELECT farthest FROM sample WHERE number = %1$s)"
              .formatted(i, space.metric().operator()));
      nearer.add(new ArrayList<>());
    }
    // The cast reads a long vector once, and not for each comparison. The conditions take half of
    // the time of a join, which is left for the few rows that meet one of them.
    String statements =
        """
        SELECT set_config('statement_timeout', ?, true), set_config('jit', 'off', true);
          WITH sample (number, vector, farthest) AS MATERIALIZED (VALUES %1$s),
               near AS MATERIALIZED (
                    SELECT vector
                      FROM (SELECT vector::%7$s(%2$s) AS vector FROM %3$s OFFSET 0) e
                     WHERE %4$s)
        SELECT number, distance
          FROM (SELECT s.number, e.vector %5$s s.vector AS distance,
                       row_number() OVER (PARTITION BY s.number ORDER BY e.vector %5$s s.vector) AS place
                  FROM near e
                  JOIN sample s ON e.vector %5$s s.vector < s.farthest) nearer
         WHERE place <= %6$s
         ORDER BY number, place
        """
            .formatted(
                sample,
                space.dimensions(),
                space.embeddingTable(),
                isNearer,
                space.metric().operator(),
                K,
                space.storage().type());
    long left = left(deadline);
    try (Connection connection = replicas.getConnection();
        PreparedStatement statement = connection.prepareStatement(statements)) {
      NetworkTimeouts.allow(connection, NetworkTimeouts.GRACE.plusMillis(left));
      statement.setString(1, Long.toString(left));
      int parameter = 2;
      for (GroundTruth found : hits) {
        statement.setObject(parameter++, new PGvector(found.vector()));
        statement.setDouble(parameter++, found.farthest());
      }
      statement.execute();
      statement.getMoreResults();
      try (ResultSet row = statement.getResultSet()) {
        while (row.next()) {
          nearer.get(row.getInt(1)).add(row.getDouble(2));
        }
      }
    }
    return IntStream.range(0, vectors.size())
        .mapToObj(i ->
            nearer.get(i).size() < K
                ? hits.get(i)
                : new GroundTruth(vectors.get(i), K, nearer.get(i).getLast()))
        .toList();
  }

  /// Milliseconds until the deadline.
  private static long left(long deadline) {
    return Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
  }

  /// The hits of an index search, or of an exact search if the index finds too few, as if they were
  /// the nearest neighbours.
  private GroundTruth hits(Space space, float[] vector, long timeout) throws SQLException {
    Query query = query(space, vector);
    ExecutionResult found =
        run(query, SearchPlan.IndexScan.of(query, LIMITING_EF, search.maxScanned()), timeout);
    if (found.indexedRows() < 0) {
      throw IndexService.noIndex();
    }
    if (found.hits().size() < K) {
      found = run(query, SearchPlan.ExactScan.UNBOUNDED, timeout);
    }
    return new GroundTruth(
        vector,
        found.hits().size(),
        found.hits().stream().mapToDouble(RecallMeasurer::distance).max().orElse(0));
  }

  private static double distance(Hit hit) {
    return Objects.requireNonNull(hit.distance());
  }

  private static Query query(Space space, float[] vector) {
    return new Query(SearchRequest.nearest(vector, K), space, vector, null, null, "simple");
  }

  private ExecutionResult run(Query query, SearchPlan plan, long timeout) throws SQLException {
    return execution.run(query, new SearchSql(query, plan), timeout);
  }

  /// Runs index searches and counts the hits that are among the exact nearest neighbours.
  private final class RecallCounter {

    private final Space space;
    private final int ef;
    private final List<Double> milliseconds = new ArrayList<>();
    private final List<Integer> expected = new ArrayList<>();
    private final List<Integer> correct = new ArrayList<>();

    RecallCounter(Space space, int ef) {
      this.space = space;
      this.ef = ef;
    }

    /// @throws Problem if the index no longer exists
    void add(GroundTruth groundTruth) throws SQLException {
      Query query = query(space, groundTruth.vector());
      long start = System.nanoTime();
      ExecutionResult result =
          run(
              query,
              SearchPlan.IndexScan.of(query, ef, search.maxScanned()),
              config.measureAtMost().toMillis());
      milliseconds.add((System.nanoTime() - start) / 1e6);
      if (result.indexedRows() < 0) {
        throw IndexService.noIndex();
      }
      expected.add(groundTruth.hits());
      // A vector that was added in the meantime may be as near, so the count is limited.
      correct.add(
          (int)
              result.hits().stream()
                  .filter(hit -> distance(hit) <= groundTruth.farthest())
                  .limit(groundTruth.hits())
                  .count());
    }

    boolean isPrecise() {
      RecallInterval interval = RecallInterval.of(correct, expected);
      return (interval.high() - interval.low()) / 2 <= config.recallPrecision();
    }

    Optional<MeasuredRecall> result() {
      if (expected.stream().allMatch(hits -> hits == 0)) {
        return Optional.empty();
      }
      double median =
          milliseconds.stream().sorted().skip(milliseconds.size() / 2).findFirst().orElseThrow();
      return Optional.of(
          MeasuredRecall.of(
              ef,
              RecallInterval.of(correct, expected),
              milliseconds.size(),
              Math.round(median * 1_000) / 1_000.0));
    }
  }
}
