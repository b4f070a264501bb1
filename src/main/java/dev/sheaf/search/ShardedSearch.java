package dev.sheaf.search;

import dev.sheaf.database.Transactions;
import dev.sheaf.search.SearchExecution.ExecutionResult;
import dev.sheaf.search.SearchPlan.ExactScan;
import dev.sheaf.search.SearchPlan.IndexScan;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/// A search of one [SearchPlan] on a Citus cluster, in one transaction.
///
/// Each shard ranks its own chunks in one statement without subplans, so that only the best chunks
/// of each are transferred. They are merged, fused and looked up in a second statement, which is
/// that of a single server over the ranked lists: [Merge]. An exact scan counts first.
final class ShardedSearch {

  private final Query query;
  private final SearchSql sql;
  private final SearchShape shape;
  private final long timeout;

  /// Ranked chunks, the best first.
  record Ranked(List<UUID> documents, List<Integer> ordinals, List<Double> keys) {
    static final Ranked NONE = new Ranked(List.of(), List.of(), List.of());

    List<Object> parameters() {
      return List.of(
          documents.toArray(UUID[]::new),
          ordinals.toArray(Integer[]::new),
          keys.toArray(Double[]::new));
    }

    int size() {
      return documents.size();
    }
  }

  /// What the shards have ranked.
  ///
  /// @param documents whose best chunks are wanted
  record Lists(Ranked nearest, Ranked matching, List<UUID> documents) {
    static final Lists NONE = new Lists(Ranked.NONE, Ranked.NONE, List.of());
  }

  /// @param timeout of each statement, in milliseconds
  ShardedSearch(Query query, SearchSql sql, long timeout) {
    this.query = query;
    this.sql = sql;
    this.shape = sql.shape();
    this.timeout = timeout;
  }

  /// Runs the search and reads its hits.
  ExecutionResult run(Connection connection) throws SQLException {
    return Transactions.call(connection, this::search);
  }

  private ExecutionResult search(Connection connection) throws SQLException {
    long indexedRows = applySettings(connection);
    if (shape.isMerge()) {
      return merge(connection, sql.lists(), indexedRows);
    }
    boolean exact = shape.plan() instanceof ExactScan;
    long compared = exact ? count(connection, SearchText.countNearest(shape)) : 0;
    if (shape.plan() instanceof ExactScan scan && compared > scan.bound()) {
      return new ExecutionResult(List.of(), indexedRows, compared, true, false, 0, 0, sql);
    }
    Ranked nearest = query.request().mode() == Mode.FULLTEXT ? Ranked.NONE : nearest(connection);
    long with = 0;
    Ranked matching = Ranked.NONE;
    if (query.request().mode() != Mode.VECTOR && hasWords()) {
      with = count(connection, SearchText.countMatching(shape));
      matching = rank(connection, SearchText.matchingOfShards(shape, depth()), Lists.NONE);
    }
    ExecutionResult result =
        merge(connection, new Lists(nearest, matching, List.of()), indexedRows);
    return switch (query.request().mode()) {
      case VECTOR -> result.counted(compared, false);
      case FULLTEXT -> result.counted(with, false);
      case HYBRID -> {
        long near = exact ? compared : nearest.size();
        yield result.counted(near, near >= Query.wanted(shape.depth()) || with > shape.depth());
      }
    };
  }

  private ExecutionResult merge(Connection connection, Lists lists, long indexedRows)
      throws SQLException {
    var merged = SearchText.merging(shape);
    try (PreparedStatement statement = connection.prepareStatement(merged.statements())) {
      SearchExecution.bind(statement, sql.parameters(merged, timeout, lists));
      try (ResultSet row = statement.executeQuery()) {
        return SearchExecution.result(query, sql, row, indexedRows);
      }
    }
  }

  /// Whether there can be a chunk that matches.
  private boolean hasWords() {
    return !shape.scored() || shape.scoresWords();
  }

  /// How many chunks of each list, or documents, are merged.
  private int depth() {
    return query.request().mode() == Mode.HYBRID ? shape.depth() : query.depth();
  }

  private Ranked nearest(Connection connection) throws SQLException {
    Ranked candidates = rank(connection, nearestOfShards(), Lists.NONE);
    boolean indexed = shape.plan() instanceof IndexScan;
    if (!indexed || !query.grouped() || query.request().mode() == Mode.HYBRID) {
      return candidates;
    }
    // The index may have missed chunks of the documents that it found.
    List<UUID> documents = candidates.documents().stream().distinct().toList();
    return rank(
        connection,
        SearchText.nearestOfDocuments(shape),
        new Lists(Ranked.NONE, Ranked.NONE, documents));
  }

  /// An exact scan is not bounded any more, because its rows are counted.
  private SearchText nearestOfShards() {
    return SearchText.nearestOfShards(
        shape.plan() instanceof ExactScan
            ? SearchShape.of(query, ExactScan.UNBOUNDED, shape.maxBytes())
            : shape,
        depth());
  }

  private long applySettings(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean isResult = statement.execute(SearchText.settingsOfShards(shape, timeout));
      while (!isResult) {
        isResult = statement.getMoreResults();
      }
      try (ResultSet row = statement.getResultSet()) {
        return SearchExecution.indexedRows(row);
      }
    }
  }

  private long count(Connection connection, SearchText text) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(text.statements())) {
      SearchExecution.bind(statement, sql.parameters(text, timeout, Lists.NONE));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private Ranked rank(Connection connection, SearchText text, Lists lists) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(text.statements())) {
      SearchExecution.bind(statement, sql.parameters(text, timeout, lists));
      var ranked = new Ranked(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          ranked.documents().add(row.getObject(1, UUID.class));
          ranked.ordinals().add(row.getInt(2));
          ranked.keys().add(row.getDouble(3));
        }
      }
      return ranked;
    }
  }

  /// PostgreSQL's plans of the statements that rank.
  ///
  /// @param explain the beginning of an EXPLAIN statement
  List<String> planLines(Connection connection, String explain) throws SQLException {
    var lines = new ArrayList<String>();
    for (SearchText ranking : rankingTexts()) {
      // The transaction is aborted after an EXPLAIN without ANALYZE, for which Citus sends no
      // parameters to the workers.
      lines.addAll(
          Transactions.callAndRollBack(
              connection,
              same -> {
                applySettings(same);
                return plan(same, explain, ranking);
              }));
    }
    return lines;
  }

  /// The statements that rank.
  String rankings() {
    return rankingTexts().stream().map(SearchText::statements).collect(Collectors.joining(";\n"));
  }

  private List<SearchText> rankingTexts() {
    var texts = new ArrayList<SearchText>();
    if (query.request().mode() != Mode.FULLTEXT) {
      texts.add(nearestOfShards());
    }
    if (query.request().mode() != Mode.VECTOR && hasWords()) {
      texts.add(SearchText.matchingOfShards(shape, depth()));
    }
    return texts;
  }

  private List<String> plan(Connection connection, String explain, SearchText text)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(explain + text.statements())) {
      SearchExecution.bind(statement, sql.parameters(text, timeout, Lists.NONE));
      var lines = new ArrayList<String>();
      try (ResultSet line = statement.executeQuery()) {
        while (line.next()) {
          lines.add(line.getString(1));
        }
      }
      return lines;
    }
  }
}
