package dev.sheaf.search;

import com.pgvector.PGvector;
import dev.sheaf.database.Cancellation;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.database.Replicas;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.document.DocumentId;
import dev.sheaf.document.StoredMetadata;
import dev.sheaf.embedding.HnswScan;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.search.SearchResponse.ExplainedStatement;
import dev.sheaf.telemetry.Spans;
import jakarta.inject.Singleton;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs a [SearchSql] with plain JDBC. Vectors are transferred in binary.
@Singleton
public class SearchExecution {

  private static final Pattern VECTOR = Pattern.compile("'\\[[-+0-9.,eE]*]'");

  private final Replicas replicas;
  private final NetworkTimeouts timeouts;
  private final Spans spans;
  private final boolean sharded;

  SearchExecution(
      Replicas replicas, NetworkTimeouts timeouts, Spans spans, ModuleSwitches modules) {
    this.replicas = replicas;
    this.timeouts = timeouts;
    this.spans = spans;
    this.sharded = modules.isOn(ModulesConfig.CITUS);
  }

  /// The result of one plan.
  ///
  /// @param indexedRows rows of the space if its index is valid, else -1
  /// @param rows number of rows that were compared, or of candidates in an index scan
  /// @param exact whether no chunk with a better score for its words can be missing
  /// @param more whether there may be more hits than were ranked
  /// @param bytes size of the texts of all hits
  /// @param maxBytes size of the texts of the largest hit; it has none if it is more than
  ///   [SearchSql#maxBytes]
  /// @param sql the statements that ran
  public record ExecutionResult(
      List<Hit> hits,
      long indexedRows,
      long rows,
      boolean exact,
      boolean more,
      long bytes,
      long maxBytes,
      SearchSql sql) {

    boolean isComplete() {
      return maxBytes <= sql.maxBytes();
    }

    /// The same hits with what the shards have counted.
    ExecutionResult counted(long counted, boolean isMore) {
      return new ExecutionResult(hits, indexedRows, counted, exact, isMore, bytes, maxBytes, sql);
    }
  }

  /// Rows of a space if its index is valid, else -1.
  long indexedRows(Space space) throws SQLException {
    try (Connection connection = replicas.getConnection();
        PreparedStatement statement =
            connection.prepareStatement("SELECT " + HnswScan.indexedRows(space));
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /// Runs the search and reads its hits.
  ///
  /// @param timeout milliseconds
  /// @throws SQLException with state `42P01` if the space was dropped, `57014` if the search timed
  ///   out
  public ExecutionResult run(Query query, SearchSql sql, long timeout) throws SQLException {
    return spans.sql("search", query.space().embeddingTable(), () -> execute(query, sql, timeout));
  }

  private ExecutionResult execute(Query query, SearchSql sql, long timeout) throws SQLException {
    Cancellation.check();
    try (Connection connection = replicas.getConnection();
        NetworkTimeouts.Deadline _ =
            timeouts.within(connection, NetworkTimeouts.GRACE.plusMillis(timeout))) {
      return sharded
          ? new ShardedSearch(query, sql, timeout).run(connection)
          : execute(connection, query, sql, timeout);
    }
  }

  static ExecutionResult execute(Connection connection, Query query, SearchSql sql, long timeout)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql.text().statements())) {
      bind(statement, sql.parameters(timeout));
      statement.execute();
      long indexedRows;
      try (ResultSet row = statement.getResultSet()) {
        indexedRows = indexedRows(row);
      }
      statement.getMoreResults();
      try (ResultSet row = statement.getResultSet()) {
        return result(query, sql, row, indexedRows);
      }
    }
  }

  /// Reads the row of the statement that sets the parameters of a search.
  ///
  /// @throws SQLException with state `42P01` if the space was dropped
  static long indexedRows(ResultSet row) throws SQLException {
    row.next();
    if (!row.getBoolean(2)) {
      throw new SQLException(
          "The collection was dropped, and its tables remain to be removed",
          SqlStates.UNDEFINED_TABLE);
    }
    return row.getLong(1);
  }

  /// Reads the rows of a search.
  static ExecutionResult result(Query query, SearchSql sql, ResultSet row, long indexedRows)
      throws SQLException {
    var hits = new ArrayList<Hit>();
    long rows = 0;
    boolean hasWords = query.request().mode() != Mode.VECTOR;
    boolean exact = true;
    boolean more = false;
    long bytes = 0;
    long maxBytes = 0;
    int rank = query.offset();
    int sizeColumn = 5 + query.request().select().size() + (query.request().marksWords() ? 1 : 0);
    while (row.next()) {
      rows = row.getLong(1);
      if (hasWords) {
        exact = row.getBoolean(sizeColumn + 1);
        more = row.getBoolean(sizeColumn + 2);
      }
      long size = row.getLong(sizeColumn);
      bytes += size;
      maxBytes = Math.max(maxBytes, size);
      String document = row.getString(2);
      if (document != null) {
        boolean isOfSameGroup =
            query.grouped() && !hits.isEmpty() && hits.getLast().document().equals(document);
        rank += isOfSameGroup ? 0 : 1;
        hits.add(hit(query, row, rank));
      }
    }
    return new ExecutionResult(hits, indexedRows, rows, exact, more, bytes, maxBytes, sql);
  }

  /// Reads the metadata that is too long to be read with the hits. See [StoredMetadata].
  List<Hit> withLongMetadata(Query query, List<Hit> hits, MemoryBudget.Account memory)
      throws SQLException {
    boolean selected = query.request().select().contains(ReturnField.METADATA);
    if (!selected || hits.stream().noneMatch(hit -> hit.metadata() == null)) {
      return hits;
    }
    long collection = query.space().collectionId();
    try (Connection pooled = replicas.getConnection()) {
      return Transactions.call(
          pooled,
          connection -> {
            var complete = new ArrayList<Hit>();
            for (Hit hit : hits) {
              complete.add(
                  hit.metadata() != null
                      ? hit
                      : hit.withMetadata(
                          StoredMetadata.read(
                              connection,
                              collection,
                              DocumentId.of(collection, hit.document()),
                              memory)));
            }
            return complete;
          });
    }
  }

  /// Runs the search again, with EXPLAIN ANALYZE. Vectors are replaced by `[...]`.
  ExplainedStatement explain(SearchSql sql, long timeout) throws SQLException {
    List<String> plan =
        planLines("EXPLAIN (ANALYZE, BUFFERS) ", sql, timeout).stream()
            .map(line -> VECTOR.matcher(line).replaceAll("'[...]'"))
            .toList();
    return new ExplainedStatement(
        sharded
            ? new ShardedSearch(sql.query(), sql, timeout).rankings()
            : sql.text().searchStatement(),
        plan);
  }

  /// The plan of the search in one line, without values. Does not run the search.
  String plan(SearchSql sql, long timeout) throws SQLException {
    // A value may contain line ends.
    String plan = String.join("\n", planLines("EXPLAIN (COSTS OFF) ", sql, timeout));
    return withoutValues(plan).lines().map(String::strip).collect(Collectors.joining(" | "));
  }

  /// A plan in which each string literal is `'...'`. In a literal, quotes are doubled; PostgreSQL
  /// never escapes them otherwise. This is a loop, because a literal is as long as the client
  /// wants, and a regular expression may recurse for each character.
  static String withoutValues(String plan) {
    var masked = new StringBuilder();
    int next = 0;
    while (next < plan.length()) {
      int start = plan.indexOf('\'', next);
      if (start < 0) {
        return masked.append(plan, next, plan.length()).toString();
      }
      masked.append(plan, next, start).append("'...'");
      next = endOfLiteral(plan, start);
    }
    return masked.toString();
  }

  /// The index after the literal that begins at `start`. An unterminated literal extends to the
  /// end.
  private static int endOfLiteral(String plan, int start) {
    int end = plan.indexOf('\'', start + 1);
    while (end >= 0 && end + 1 < plan.length() && plan.charAt(end + 1) == '\'') {
      end = plan.indexOf('\'', end + 2);
    }
    return end < 0 ? plan.length() : end + 1;
  }

  private List<String> planLines(String explain, SearchSql sql, long timeout) throws SQLException {
    if (sharded) {
      try (Connection connection = replicas.getConnection()) {
        NetworkTimeouts.allow(connection, NetworkTimeouts.GRACE.plusMillis(timeout));
        return new ShardedSearch(sql.query(), sql, timeout).planLines(connection, explain);
      }
    }
    var plan = new ArrayList<String>();
    try (Connection connection = replicas.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql.text().explaining(explain))) {
      NetworkTimeouts.allow(connection, NetworkTimeouts.GRACE.plusMillis(timeout));
      bind(statement, sql.parameters(timeout));
      statement.execute();
      statement.getMoreResults();
      try (ResultSet line = statement.getResultSet()) {
        while (line.next()) {
          plan.add(line.getString(1));
        }
      }
    }
    return plan;
  }

  static void bind(PreparedStatement statement, List<Object> parameters) throws SQLException {
    int column = 1;
    for (Object parameter : parameters) {
      statement.setObject(column++, parameter);
    }
  }

  private static Hit hit(Query query, ResultSet row, int rank) throws SQLException {
    double key = row.getDouble(4);
    boolean isDistance = query.request().mode() == Mode.VECTOR;
    SearchRequest request = query.request();
    double score = isDistance ? query.space().metric().score(key) : -key;
    List<Double> gains = gains(request, row);
    Expand.AdjacentChunks adjacent = request.expand() == null ? null : adjacentChunks(row);
    var columns = new Columns(row, request.select());
    MarkedText marked =
        request.marksWords() ? marked(query, row.getString(columns.last() + 1)) : null;
    return new Hit(
        null,
        row.getString(2),
        columns.text(ReturnField.TITLE),
        columns.text(ReturnField.URI),
        row.getInt(3),
        columns.text(ReturnField.TEXT),
        marked == null || !request.highlight()
            ? null
            : marked.passages(1, PassageRequest.DEFAULT_LENGTH).getFirst().html(),
        marked == null || request.passages() == null
            ? null
            : marked.passages(request.passages().limit(), request.passages().length()),
        marked == null || !request.matches() ? null : marked.matches(SearchRequest.MAX_MATCHES),
        score,
        isDistance ? Double.valueOf(key) : null,
        gains.isEmpty() ? null : boosted(score, gains),
        null,
        columns.text(ReturnField.METADATA),
        columns.vector(),
        columns.time(ReturnField.CREATED_AT),
        columns.time(ReturnField.UPDATED_AT),
        adjacent == null ? null : adjacent.before(),
        adjacent == null ? null : adjacent.after(),
        request.explain() ? explanation(query, row, rank, gains) : null);
  }

  /// `null` for texts that are too long to be read with the hits.
  private static Expand.@Nullable AdjacentChunks adjacentChunks(ResultSet row) throws SQLException {
    Array texts = row.getArray("adjacent_texts");
    return texts == null
        ? null
        : Expand.AdjacentChunks.of(
            row.getInt(3),
            (Integer[]) row.getArray("adjacent_ordinals").getArray(),
            (String[]) texts.getArray(),
            (Integer[]) row.getArray("adjacent_starts").getArray());
  }

  private static List<Double> gains(SearchRequest request, ResultSet row) throws SQLException {
    if (request.boost().isEmpty()) {
      return List.of();
    }
    var gains = new ArrayList<Double>();
    for (Boost boost : request.boost()) {
      gains.add(boost.gain(row.getString("boost_" + gains.size())));
    }
    return gains;
  }

  private static double boosted(double score, List<Double> gains) {
    double boosted = score;
    for (double gain : gains) {
      boosted += gain;
    }
    return boosted;
  }

  private static HitExplanation explanation(
      Query query, ResultSet row, int rank, List<Double> gains) throws SQLException {
    HitExplanation found = explanation(query, row, rank);
    return gains.isEmpty() ? found : found.withBoost(new HitExplanation.BoostPart(rank, gains));
  }

  private static HitExplanation explanation(Query query, ResultSet row, int rank)
      throws SQLException {
    double key = row.getDouble(4);
    return switch (query.request().mode()) {
      case VECTOR -> HitExplanation.found(rank, vectorPart(query, key, null, null), null);
      case FULLTEXT -> HitExplanation.found(rank, null, wordsPart(query, row, key, null, null));
      case HYBRID -> {
        Double distance = row.getObject("vector_key", Double.class);
        Double words = row.getObject("words_key", Double.class);
        yield HitExplanation.found(
            rank,
            distance == null
                ? null
                : vectorPart(
                    query, distance, row.getInt("vector_rank"), row.getDouble("vector_gain")),
            words == null
                ? null
                : wordsPart(
                    query, row, words, row.getInt("words_rank"), row.getDouble("words_gain")));
      }
    };
  }

  private static HitExplanation.VectorPart vectorPart(
      Query query, double distance, @Nullable Integer rank, @Nullable Double gain) {
    return new HitExplanation.VectorPart(
        rank, distance, query.space().metric().score(distance), gain);
  }

  private static HitExplanation.WordsPart wordsPart(
      Query query, ResultSet row, double key, @Nullable Integer rank, @Nullable Double gain)
      throws SQLException {
    FieldWeights weights = query.request().weights();
    Double titleWeight = weights.weighsTitles() ? weights.title() : null;
    // The syntax of search engines has no words with scores.
    if (query.request().match() == WordMatch.QUERY) {
      return new HitExplanation.WordsPart(rank, -key, gain, titleWeight, null, null);
    }
    Double[] counts = (Double[]) row.getArray("words_counts").getArray();
    Double[] scores = (Double[]) row.getArray("words_scores").getArray();
    Double[] inTitle =
        titleWeight == null ? null : (Double[]) row.getArray("words_in_title").getArray();
    var words = new ArrayList<HitExplanation.WordPart>();
    for (int word = 0; word < counts.length; word++) {
      if (counts[word] > 0) {
        SearchWords.Word searched = query.words().words().get(word);
        words.add(
            new HitExplanation.WordPart(
                searched.lexeme(),
                searched.weight(),
                counts[word].intValue(),
                inTitle == null ? null : inTitle[word].intValue(),
                scores[word]));
      }
    }
    return new HitExplanation.WordsPart(
        rank, -key, gain, titleWeight, row.getInt("words_length"), words);
  }

  /// `null` for a text that is too long to be read with the hits.
  private static @Nullable MarkedText marked(Query query, @Nullable String text) {
    AnalyzedQuery analyzed = query.words().analyzed();
    if (text == null) {
      return null;
    }
    return analyzed == null ? MarkedText.parse(text) : analyzed.mark(text);
  }

  /// The selected columns, from the fifth on.
  private record Columns(ResultSet row, Set<ReturnField> selected) {

    int last() {
      return 4 + selected.size();
    }

    private int column(ReturnField field) {
      int column = 5;
      for (ReturnField other : selected) {
        if (other == field) {
          return column;
        }
        column++;
      }
      return 0;
    }

    @Nullable String text(ReturnField field) throws SQLException {
      int column = column(field);
      return column == 0 ? null : row.getString(column);
    }

    float @Nullable [] vector() throws SQLException {
      int column = column(ReturnField.VECTOR);
      return column == 0 ? null : ((PGvector) row.getObject(column)).toArray();
    }

    java.time.@Nullable Instant time(ReturnField field) throws SQLException {
      int column = column(field);
      return column == 0 ? null : row.getObject(column, OffsetDateTime.class).toInstant();
    }
  }
}
