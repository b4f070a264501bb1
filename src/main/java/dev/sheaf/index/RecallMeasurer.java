package dev.sheaf.index;

import com.pgvector.PGvector;
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
import java.util.stream.IntStream;

/// Measures recall: searches for the same vectors exactly and through the index, with the
/// statements of client searches, and counts the hits that the index misses.
///
/// A stored vector has links to its nearest neighbours in the graph, so a search for it finds more
/// than a client's search would. The sample therefore consists of midpoints between stored vectors:
/// harder than client queries, but similar. If several vectors have the same distance, each of them
/// is correct.
@ApplicationScoped
class RecallMeasurer {

  /// The default limit of a search.
  static final int K = 10;

  private final AgroalDataSource dataSource;
  private final SearchExecution execution;
  private final SearchConfig search;
  private final IndexConfig config;

  RecallMeasurer(
      AgroalDataSource dataSource,
      SearchExecution execution,
      SearchConfig search,
      IndexConfig config) {
    this.dataSource = dataSource;
    this.execution = execution;
    this.search = search;
    this.config = config;
  }

  /// The exact nearest neighbours of a vector.
  ///
  /// @param hits their number, at most [#K]
  /// @param farthest the greatest distance among them
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record GroundTruth(float[] vector, int hits, double farthest) {}

  /// Vectors halfway between stored vectors. The selection is by hash, so every measurement uses
  /// the same stored vectors unless they were deleted, and results are comparable. Takes one scan
  /// of the table, which is faster than an exact search.
  List<float[]> midpoints(Space space) throws SQLException {
    var stored = new ArrayList<float[]>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                """
                SELECT vector
                  FROM %s
                 ORDER BY hash_record_extended(ROW(document_id, ordinal), 0)
                 LIMIT %s
                """
                    .formatted(space.embeddingTable(), config.sample()))) {
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

  /// Measures with one `ef`. The exact search and the index search for a vector follow each other
  /// immediately, so that concurrent writes hardly matter.
  ///
  /// @return empty if the time was over before the first exact search was complete
  Optional<MeasuredRecall> measure(Space space, List<float[]> vectors, int ef) throws SQLException {
    var counter = new RecallCounter(space, ef);
    long deadline = deadline();
    for (float[] vector : vectors) {
      Optional<GroundTruth> groundTruth = groundTruth(space, vector, deadline);
      if (groundTruth.isEmpty()) {
        break;
      }
      counter.add(groundTruth.get());
    }
    return counter.result();
  }

  /// The exact nearest neighbours of each vector, until the time is over.
  List<GroundTruth> groundTruths(Space space, List<float[]> vectors) throws SQLException {
    var groundTruths = new ArrayList<GroundTruth>();
    long deadline = deadline();
    for (float[] vector : vectors) {
      Optional<GroundTruth> groundTruth = groundTruth(space, vector, deadline);
      if (groundTruth.isEmpty()) {
        break;
      }
      groundTruths.add(groundTruth.get());
    }
    return groundTruths;
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

  private Optional<GroundTruth> groundTruth(Space space, float[] vector, long deadline)
      throws SQLException {
    long left = (deadline - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      return Optional.empty();
    }
    try {
      ExecutionResult result = run(query(space, vector), SearchPlan.ExactScan.UNBOUNDED, left);
      return Optional.of(
          new GroundTruth(
              vector,
              result.hits().size(),
              result.hits().stream().mapToDouble(RecallMeasurer::distance).max().orElse(0)));
    } catch (SQLException e) {
      if (SqlStates.QUERY_CANCELED.equals(e.getSQLState())) {
        return Optional.empty();
      }
      throw e;
    }
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
    private int expected;
    private long correct;

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
      expected += groundTruth.hits();
      // A vector that was added in the meantime may be as near, so the count is limited.
      correct +=
          result.hits().stream()
              .filter(hit -> distance(hit) <= groundTruth.farthest())
              .limit(groundTruth.hits())
              .count();
    }

    Optional<MeasuredRecall> result() {
      if (expected == 0) {
        return Optional.empty();
      }
      double median =
          milliseconds.stream().sorted().skip(milliseconds.size() / 2).findFirst().orElseThrow();
      return Optional.of(
          new MeasuredRecall(
              ef,
              (double) correct / expected,
              milliseconds.size(),
              Math.round(median * 1_000) / 1_000.0));
    }
  }
}
