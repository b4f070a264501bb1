package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.collection.CollectionSettings;
import dev.sheaf.collection.CollectionSettings.Reanalysis;
import dev.sheaf.database.Cancellation;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.database.Replicas;
import dev.sheaf.database.RowCount;
import dev.sheaf.database.Sql;
import dev.sheaf.embedding.Space;
import dev.sheaf.runtime.Caches;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.telemetry.Spans;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Provides the words of searches, with the statistics that [Bm25] needs. Writes keep no statistics
/// of their own: `ANALYZE` has those of frequent words, and rare words are counted in the index.
///
/// - Up to [RowCount#COUNTED] chunks, everything is counted.
/// - Beyond, the number of chunks is PostgreSQL's estimate, their mean length that of a sample, and
///   the frequency of the about 1,000 most frequent words that of the last `ANALYZE`. Other words
///   are counted up to [#MAX_COUNTED].
/// - On a Citus cluster, all words are counted, because the coordinator has no statistics of them.
@Singleton
class QueryWords {

  /// How long the number of chunks and their mean length are used.
  private static final Duration CACHE_TIME = Duration.ofSeconds(5);

  /// Chunks of which the mean length is computed.
  private static final int SAMPLE = 2_000;

  /// Chunks with a word are counted up to this number. It is more than one in 200 of 200,000.
  private static final int MAX_COUNTED = 1_000;

  /// The same if there are no statistics yet.
  private static final int MAX_COUNTED_WITHOUT_STATISTICS = 20_000;

  private final Replicas replicas;
  private final Spans spans;
  private final boolean sharded;
  private final Cache<Long, ChunkStatistics> statistics =
      Caches.ofAtMost(10_000).expireAfterWrite(CACHE_TIME).build();

  private final Cache<SynonymsOf, Synonyms> synonyms = Caches.ofAtMost(100).build();

  private record SynonymsOf(String language, List<List<String>> groups) {}

  /// The chunks of a collection.
  private record ChunkStatistics(RowCount chunks, double meanLength) {}

  QueryWords(Replicas replicas, Spans spans, ModuleSwitches modules) {
    this.replicas = replicas;
    this.spans = spans;
    this.sharded = modules.isOn(ModulesConfig.CITUS);
  }

  /// A text as a collection reads it.
  ///
  /// @param match how the words must match
  /// @param language text search configuration
  /// @param analyzed the text, if the service analyzes the texts of the collection
  record QueryText(
      String text, WordMatch match, String language, @Nullable AnalyzedQuery analyzed) {

    private static QueryText of(
        CollectionSettings.Analysis analysis,
        Function<TextAnalyzer, Synonyms> synonyms,
        String text,
        WordMatch match) {
      return new QueryText(
          text,
          match,
          analysis.language(),
          analysis
              .textAnalyzer()
              .map(analyzer -> AnalyzedQuery.of(analyzer, synonyms.apply(analyzer), text, match))
              .orElse(null));
    }

    /// An SQL expression with one parameter for the words, as a tsvector.
    private String lexemes() {
      return analyzed == null ? "to_tsvector('%s', ?)".formatted(language) : "?::tsvector";
    }

    private String parameter() {
      return analyzed == null ? text : analyzed.lexemes();
    }
  }

  /// A text as a collection reads it.
  QueryText text(CollectionSettings settings, String text, WordMatch match) {
    List<List<String>> groups = settings.synonyms();
    String language = settings.analysis().language();
    return QueryText.of(
        settings.analysis(),
        analyzer ->
            groups.isEmpty()
                ? Synonyms.NONE
                : synonyms.get(
                    new SynonymsOf(language, groups), _ -> Synonyms.of(analyzer, groups)),
        text,
        match);
  }

  /// A text as chunks were read that are still to be analyzed again. It has no synonyms.
  ///
  /// @return `null` if there are no such chunks
  @Nullable QueryText formerText(CollectionSettings settings, String text, WordMatch match) {
    Reanalysis change = settings.reanalysis();
    return change == null ? null : QueryText.of(change.former(), _ -> Synonyms.NONE, text, match);
  }

  /// The words of a text, at most [SearchWords#MAX] of them.
  ///
  /// @param bm25 the parameters of the collection
  /// @param former the text as chunks were read that are still to be analyzed again; `null` if
  ///   there are none
  /// @param condition what [WordMatch#ALL] demands, as in [SearchWords]
  /// @param timeout of the statement, in milliseconds
  /// @throws SQLException with state `42P01` if the collection was dropped, `57014` if the
  ///   statement timed out
  SearchWords read(
      Space space,
      Bm25 bm25,
      QueryText text,
      @Nullable QueryText former,
      @Nullable String condition,
      long timeout)
      throws SQLException {
    return spans.sql(
        "read words",
        space.chunkTable(),
        () -> readNow(space, bm25, text, former, condition, timeout));
  }

  private SearchWords readNow(
      Space space,
      Bm25 bm25,
      QueryText text,
      @Nullable QueryText former,
      @Nullable String condition,
      long timeout)
      throws SQLException {
    Cancellation.check();
    try (Connection connection = replicas.getConnection()) {
      NetworkTimeouts.allow(connection, NetworkTimeouts.GRACE.plusMillis(timeout));
      ChunkStatistics chunks = statistics(connection, space);
      // Two statements in one message, which are one transaction and one round trip.
      String lexemes =
          former == null
              ? "unnest(%s)".formatted(text.lexemes())
              : ofBoth(text.lexemes(), former.lexemes());
      String statements =
          "SELECT set_config('statement_timeout', ?, true), set_config('jit', 'off', true);\n"
              + (sharded
                  ? wordsOnShards(space, lexemes)
                  : wordsOfText(space, lexemes, chunks.chunks().estimated()));
      try (PreparedStatement statement = connection.prepareStatement(statements)) {
        statement.setString(1, Long.toString(timeout));
        statement.setString(2, text.parameter());
        if (former != null) {
          statement.setString(3, former.parameter());
        }
        statement.execute();
        statement.getMoreResults();
        return words(statement, chunks, bm25, text.analyzed(), condition);
      }
    }
  }

  private SearchWords words(
      PreparedStatement statement,
      ChunkStatistics chunks,
      Bm25 bm25,
      @Nullable AnalyzedQuery analyzed,
      @Nullable String condition)
      throws SQLException {
    var words = new ArrayList<SearchWords.Word>();
    int ignored = analyzed == null ? 0 : analyzed.ignored();
    try (ResultSet row = statement.getResultSet()) {
      while (row.next()) {
        ignored = Math.max(ignored, row.getInt(3) - SearchWords.MAX);
        words.add(word(row, chunks.chunks()));
      }
    }
    double all = (double) chunks.chunks().rows();
    return new SearchWords(
        analyzed == null ? words : analyzed.withSynonyms(words, all),
        ignored,
        all,
        chunks.meanLength(),
        analyzed,
        condition,
        bm25);
  }

  /// An SQL expression for the rows of two tsvectors as those of one. A word of both counts once,
  /// because each chunk was read in one of the two ways.
  private static String ofBoth(String lexemes, String formerLexemes) {
    return """
    (SELECT DISTINCT ON (lexeme) lexeme, positions
       FROM (SELECT * FROM unnest(%s) UNION ALL SELECT * FROM unnest(%s)) each
      ORDER BY lexeme, cardinality(positions) DESC, positions) of_both\
    """
        .formatted(lexemes, formerLexemes);
  }

  /// What [WordMatch#ALL] or [WordMatch#QUERY] demands of a text, as in [SearchWords].
  ///
  /// @param former as in [#read]; a chunk matches if it does in either reading
  @Nullable String condition(QueryText text, @Nullable QueryText former) throws SQLException {
    if (text.match() == WordMatch.ANY) {
      return null;
    }
    if (former == null) {
      return text.analyzed() == null ? null : text.analyzed().condition();
    }
    var conditions = new ArrayList<String>();
    for (QueryText reading : List.of(text, former)) {
      String condition =
          reading.analyzed() == null
              ? conditionOfPostgres(reading)
              : reading.analyzed().condition();
      if (!condition.isEmpty()) {
        conditions.add("(" + condition + ")");
      }
    }
    return String.join(" | ", conditions);
  }

  private String conditionOfPostgres(QueryText text) throws SQLException {
    try (Connection connection = replicas.getConnection()) {
      if (text.match() == WordMatch.QUERY) {
        return Sql.of(
                "SELECT websearch_to_tsquery('%s', ?)::text".formatted(text.language()),
                text.text())
            .first(connection, row -> row.getString(1))
            .orElseThrow();
      }
      return Sql.of(
              "SELECT lexeme FROM unnest(to_tsvector('%s', ?)) ORDER BY positions[1], lexeme LIMIT %s"
                  .formatted(text.language(), SearchWords.MAX),
              text.text())
          .list(connection, row -> Lexemes.quoted(row.getString(1)))
          .stream()
          .collect(Collectors.joining(" & "));
    }
  }

  /// Whether the syntax of search engines leaves no word of a text.
  boolean isEmptyQuery(String language, String text) throws SQLException {
    try (Connection connection = replicas.getConnection()) {
      return Sql.of("SELECT numnode(websearch_to_tsquery('%s', ?)) = 0".formatted(language), text)
          .isTrue(connection);
    }
  }

  private ChunkStatistics statistics(Connection connection, Space space) throws SQLException {
    ChunkStatistics known = statistics.getIfPresent(space.collectionId());
    if (known == null) {
      RowCount chunks = RowCount.of(connection, space.chunkTable());
      known = new ChunkStatistics(chunks, meanLength(connection, space, chunks));
      statistics.put(space.collectionId(), known);
    }
    return known;
  }

  /// The sample is the same until pages are added, so that equal searches have equal scores.
  private double meanLength(Connection connection, Space space, RowCount chunks)
      throws SQLException {
    String sample =
        chunks.estimated()
            ? " TABLESAMPLE SYSTEM (%s) REPEATABLE (1)"
                .formatted(Math.min(100, 100.0 * SAMPLE / chunks.rows()))
            : "";
    if (sharded) {
      return Sql.of(
              "SELECT avg(%s) FROM %s c%s"
                  .formatted(Bm25.length(Bm25.marked("c.search")), space.chunkTable(), sample))
          .first(connection, row -> Math.max(1, row.getDouble(1)))
          .orElseThrow();
    }
    String mean =
        "SELECT avg(%s) FROM (SELECT %s AS search FROM %s c%s LIMIT %s OFFSET 0) c"
            .formatted(
                Bm25.length("c.search"),
                Bm25.marked("c.search"),
                space.chunkTable(),
                sample,
                2 * SAMPLE);
    return Sql.of(mean).first(connection, row -> Math.max(1, row.getDouble(1))).orElseThrow();
  }

  /// The words in the order of the text, how often the text contains each, the number of all
  /// different words, the frequency of each in the last `ANALYZE`, the lowest frequency that it
  /// noted, and the number of chunks if the frequency is not known.
  ///
  /// @param lexemes an expression for the rows of the tsvector of the text
  private static String wordsOfText(Space space, String lexemes, boolean useStatistics) {
    return """
    WITH %1$s,
    frequent AS MATERIALIZED (
         SELECT f.lexeme, f.frequency, min(f.frequency) OVER () AS lowest
           FROM pg_stats s
          CROSS JOIN unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) f(lexeme, frequency)
          WHERE %2$s AND f.lexeme IS NOT NULL AND NOT s.inherited AND s.attname = 'search'
            AND (s.schemaname, s.tablename) = (SELECT relnamespace::regnamespace::text, relname FROM pg_class
                                                WHERE oid = '%3$s'::regclass)
    ),
    least AS MATERIALIZED (SELECT min(lowest) AS frequency FROM frequent)
    SELECT w.lexeme, w.times, w.different, f.frequency, l.frequency,
           CASE WHEN f.frequency IS NULL
                THEN (SELECT count(*)
                        FROM (SELECT FROM %3$s c
                               WHERE c.search @@ w.query
                               LIMIT CASE WHEN l.frequency IS NULL THEN %5$s ELSE %4$s END) counted) END
      FROM word w
      LEFT JOIN frequent f ON f.lexeme = w.lexeme
     CROSS JOIN least l
     ORDER BY w.place, w.lexeme
    """
        .formatted(
            wordsWithPlaces(lexemes),
            useStatistics,
            space.chunkTable(),
            MAX_COUNTED,
            MAX_COUNTED_WITHOUT_STATISTICS);
  }

  /// The words in the order of the text, each with a tsquery for it, as `word`.
  private static String wordsWithPlaces(String lexemes) {
    return """
    word AS MATERIALIZED (
         SELECT lexeme, cardinality(positions) AS times, positions[1] AS place,
                count(*) OVER () AS different,
                ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
           FROM %s
          ORDER BY place, lexeme
          LIMIT %s
    )\
    """
        .formatted(lexemes, SearchWords.MAX);
  }

  /// As [#wordsOfText], with the number of chunks with each word, of which each shard counts its
  /// own.
  private static String wordsOnShards(Space space, String lexemes) {
    return """
    WITH %1$s,
    counted AS MATERIALIZED (
         SELECT w.lexeme, count(*) AS chunks
           FROM word w
           JOIN %2$s c ON c.search @@ w.query
          GROUP BY w.lexeme
    )
    SELECT w.lexeme, w.times, w.different, NULL::float4, NULL::float4, COALESCE(c.chunks, 0)
      FROM word w
      LEFT JOIN counted c ON c.lexeme = w.lexeme
     ORDER BY w.place, w.lexeme
    """
        .formatted(wordsWithPlaces(lexemes), space.chunkTable());
  }

  private SearchWords.Word word(ResultSet row, RowCount chunks) throws SQLException {
    double all = (double) chunks.rows();
    double with =
        sharded
            ? row.getLong(6)
            : chunksWith((Number) row.getObject(4), (Number) row.getObject(5), row.getLong(6), all);
    String lexeme = row.getString(1);
    return SearchWords.Word.of(
        lexeme, with, row.getInt(2), with, all, List.of(Lexemes.quoted(lexeme)));
  }

  /// The number of chunks that contain a word.
  ///
  /// @param lowest a word whose frequency is not known is not more frequent than this
  private static double chunksWith(
      @Nullable Number frequency, @Nullable Number lowest, long counted, double chunks) {
    if (frequency != null) {
      return frequency.doubleValue() * chunks;
    }
    int limit = lowest == null ? MAX_COUNTED_WITHOUT_STATISTICS : MAX_COUNTED;
    if (counted < limit) {
      return (double) counted;
    }
    double most = lowest == null ? chunks : lowest.doubleValue() * chunks;
    return Math.sqrt(limit * Math.max(limit, most));
  }
}
