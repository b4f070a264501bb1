package dev.sheaf.index;

import com.pgvector.PGvector;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.database.SqlStates;
import dev.sheaf.embedding.Space;
import dev.sheaf.search.Hit;
import dev.sheaf.search.Plan;
import dev.sheaf.search.Query;
import dev.sheaf.search.SearchConfig;
import dev.sheaf.search.SearchExecution;
import dev.sheaf.search.SearchExecution.Found;
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

/// Searches for vectors both ways, by comparing every vector and through the index, with the
/// statements that clients' searches run, and counts what the index has missed.
///
/// What is stored stands in the graph with links to its nearest, and is found better than anything
/// that clients ask. So the sample is half way between stored vectors: harder than what clients
/// ask, but much like it. Of those equally far, any is right.
@ApplicationScoped
class RecallMeasurement {

  /// Hits of a search that doesn't say how many it wants.
  static final int K = 10;

  private final AgroalDataSource dataSource;
  private final SearchExecution execution;
  private final SearchConfig search;
  private final IndexConfig config;

  RecallMeasurement(
      AgroalDataSource dataSource,
      SearchExecution execution,
      SearchConfig search,
      IndexConfig config) {
    this.dataSource = dataSource;
    this.execution = execution;
    this.search = search;
    this.config = config;
  }

  /// What is nearest to a vector.
  ///
  /// @param hits how many there are, [#K] at most
  /// @param farthest the greatest distance among them
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Truth(float[] vector, int hits, double farthest) {}

  /// What is half way between stored vectors: between the same ones at every time, as far as they
  /// are still there, so that measurements differ by the index and not by the draw. Takes one scan,
  /// less than comparing with every vector does.
  List<float[]> betweenStored(Space space) throws SQLException {
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
      NetworkTimeouts.allowAnyTime(connection);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          stored.add(((PGvector) row.getObject(1)).toArray());
        }
      }
    }
    return IntStream.range(0, stored.size())
        .mapToObj(i -> between(stored.get(i), stored.get((i + 1) % stored.size())))
        .toList();
  }

  /// Half way, unless nothing is there: what has no direction cannot be searched for.
  private static float[] between(float[] one, float[] other) {
    var between = new float[one.length];
    boolean zero = true;
    for (int i = 0; i < one.length; i++) {
      between[i] = (one[i] + other[i]) / 2;
      zero &= between[i] == 0;
    }
    return zero ? one : between;
  }

  /// Measures with one `ef`. Each vector is searched for both ways at once, so that it matters
  /// little what is written meanwhile.
  ///
  /// @return empty when the time was over before a single vector was compared with every other
  Optional<Measured> measure(Space space, List<float[]> vectors, int ef) throws SQLException {
    var tally = new Tally(space, ef);
    long deadline = deadline();
    for (float[] vector : vectors) {
      Optional<Truth> truth = truth(space, vector, deadline);
      if (truth.isEmpty()) {
        break;
      }
      tally.add(truth.get());
    }
    return tally.measured();
  }

  /// What is nearest to each, for as many as there is time for.
  List<Truth> truths(Space space, List<float[]> vectors) throws SQLException {
    var truths = new ArrayList<Truth>();
    long deadline = deadline();
    for (float[] vector : vectors) {
      Optional<Truth> truth = truth(space, vector, deadline);
      if (truth.isEmpty()) {
        break;
      }
      truths.add(truth.get());
    }
    return truths;
  }

  /// Measures against what is known to be true.
  ///
  /// @param truths at least one
  Measured measureAgainst(List<Truth> truths, Space space, int ef) throws SQLException {
    var tally = new Tally(space, ef);
    for (Truth truth : truths) {
      tally.add(truth);
    }
    return tally.measured().orElseThrow();
  }

  private long deadline() {
    return System.nanoTime() + config.measureAtMost().toNanos();
  }

  private Optional<Truth> truth(Space space, float[] vector, long deadline) throws SQLException {
    long left = (deadline - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      return Optional.empty();
    }
    try {
      Found found = run(query(space, vector), Plan.Exact.UNBOUNDED, left);
      return Optional.of(
          new Truth(
              vector,
              found.hits().size(),
              found.hits().stream().mapToDouble(RecallMeasurement::distance).max().orElse(0)));
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

  private Found run(Query query, Plan plan, long timeout) throws SQLException {
    return execution.run(query, new SearchSql(query, plan), timeout);
  }

  /// Counts, over one search after the other.
  private final class Tally {

    private final Space space;
    private final int ef;
    private final List<Double> milliseconds = new ArrayList<>();
    private int wanted;
    private long right;

    Tally(Space space, int ef) {
      this.space = space;
      this.ef = ef;
    }

    /// @throws Problem when there is no index any more
    void add(Truth truth) throws SQLException {
      Query query = query(space, truth.vector());
      long start = System.nanoTime();
      Found found =
          run(
              query,
              Plan.Index.of(query, ef, search.maxScanned()),
              config.measureAtMost().toMillis());
      milliseconds.add((System.nanoTime() - start) / 1e6);
      if (found.indexedRows() < 0) {
        throw IndexService.noIndex();
      }
      wanted += truth.hits();
      // What was added since may be as near, and makes no more than all of them right.
      right +=
          found.hits().stream()
              .filter(hit -> distance(hit) <= truth.farthest())
              .limit(truth.hits())
              .count();
    }

    Optional<Measured> measured() {
      if (wanted == 0) {
        return Optional.empty();
      }
      double median =
          milliseconds.stream().sorted().skip(milliseconds.size() / 2).findFirst().orElseThrow();
      return Optional.of(
          new Measured(
              ef,
              (double) right / wanted,
              milliseconds.size(),
              Math.round(median * 1_000) / 1_000.0));
    }
  }
}
