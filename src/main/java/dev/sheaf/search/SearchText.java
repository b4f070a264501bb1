package dev.sheaf.search;

import dev.sheaf.embedding.HnswScan;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.FilterSql;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The text of the SQL of all searches of one [Shape]: two statements in one message, which are one
/// transaction and one round trip. The first sets parameters for this search and reads whether the
/// index is valid; the second searches.
///
/// The statement names partitions, and contains limits as numbers, because PostgreSQL cannot
/// estimate the rows of a parent table or the value of a parameter. Exact scans with a filter use a
/// custom plan, because the generic plan of one filter may be the worst for another.
///
/// Every plan produces `ranked (document_id, ordinal, key)`, where a smaller key is better.
final class SearchText {

  /// Characters, as in an SQL literal, with their entities. The first is part of the others.
  private static final List<Map.Entry<String, String>> ENTITIES =
      List.of(
          Map.entry("&", "&amp;"),
          Map.entry("<", "&lt;"),
          Map.entry(">", "&gt;"),
          Map.entry("\"", "&quot;"),
          Map.entry("''", "&#39;"));

  private static final String MARKS = "'" + MarkedText.START + MarkedText.STOP + "'";

  /// The length of the longest of the [#ENTITIES].
  private static final int HTML_BYTES = 6;

  /// PostgreSQL's `MAXSTRLEN`.
  private static final int MAX_TOKEN_BYTES = 2_047;

  /// The tokens of PostgreSQL's parser that follow in parts: URLs and words with hyphens.
  private static final String COMPOUND_TYPES = "5, 15, 16, 17";

  /// All characters of [Character#isWhitespace].
  private static final String WHITE_SPACE =
      IntStream.rangeClosed(0, Character.MAX_VALUE)
          .filter(Character::isWhitespace)
          .mapToObj("\\u%04x"::formatted)
          .collect(Collectors.joining("", "E'", "'"));

  /// More chunks with rare words, or with all words, are not ranked. The statistics may be
  /// outdated.
  static final int MAX_RARE = 6_000;

  /// As many chunks are ranked at least, if that many contain a word; not more with several
  /// frequent words, and not more with one.
  private static final int MIN_RANKED = SearchRequest.MAX_LIMIT;

  /// What the text of a search depends on. Searches of one shape differ only in their parameters.
  ///
  /// @param match of a search for words; `null` in a vector search
  /// @param words whether there is a word, with [WordMatch#ANY] a rare one, to search for
  /// @param frequentWords whether there are frequent words to search for
  /// @param synonyms whether a word stands for several
  /// @param weighsTitles whether words of titles count more or less than others
  /// @param bm25 the parameters of the collection
  /// @param depth of each list of a hybrid search, before they are merged
  /// @param select in the order of the columns
  /// @param filter condition on documents; `null` for all
  /// @param excluding whether some documents must not be hits
  /// @param marks whether the words of the text are marked
  /// @param analyzed whether the service analyzes the texts, so that it marks the words itself
  /// @param conditioned whether what the text demands is given as a tsquery
  /// @param markedCharacters of parts with marked words, for which memory is needed
  /// @param expand which chunks around a hit are returned; `null` for none
  /// @param boosts the values of fields that boost a hit
  /// @param explained whether the parts of the score of each hit are returned
  /// @param maxBytes the texts of a hit are NULL if they have together more than this many bytes
  record Shape(
      Space space,
      SearchPlan plan,
      Mode mode,
      @Nullable WordMatch match,
      boolean words,
      boolean frequentWords,
      boolean synonyms,
      boolean weighsTitles,
      Bm25 bm25,
      int limit,
      int offset,
      boolean grouped,
      int groupSize,
      Fusion fusion,
      int depth,
      List<ReturnField> select,
      boolean marks,
      long markedCharacters,
      boolean analyzed,
      boolean conditioned,
      @Nullable Expand expand,
      List<String> boosts,
      boolean explained,
      String language,
      @Nullable String filter,
      boolean excluding,
      long maxBytes) {

    static Shape of(Query query, SearchPlan plan, long maxBytes) {
      SearchRequest request = query.request();
      FilterSql predicate = query.predicate();
      WordMatch match = request.mode() == Mode.VECTOR ? null : request.match();
      boolean any = match == WordMatch.ANY;
      return new Shape(
          query.space(),
          plan,
          request.mode(),
          match,
          any ? !query.words().rare().isEmpty() : !query.words().isEmpty(),
          any && !query.words().frequent().isEmpty(),
          query.words().hasSynonyms(),
          request.weights().weighsTitles(),
          query.words().bm25(),
          query.limit(),
          query.offset(),
          query.grouped(),
          request.groupSize(),
          request.hybrid(),
          request.hybrid().depth(),
          List.copyOf(request.select()),
          request.marksWords(),
          request.passages() == null ? 0 : request.passages().characters(),
          query.words().analyzed() != null,
          query.words().condition() != null,
          request.expand(),
          request.boost().stream().map(boost -> boost.sql().sql()).toList(),
          request.explain() && (request.mode() == Mode.HYBRID || any || match == WordMatch.ALL),
          query.language(),
          predicate == null ? null : predicate.sql(),
          !query.excluded().isEmpty(),
          maxBytes);
    }

    Shape withMaxBytes(long bytes) {
      return with(plan, bytes);
    }

    private Shape with(SearchPlan other, long bytes) {
      return new Shape(
          space,
          other,
          mode,
          match,
          words,
          frequentWords,
          synonyms,
          weighsTitles,
          bm25,
          limit,
          offset,
          grouped,
          groupSize,
          fusion,
          depth,
          select,
          marks,
          markedCharacters,
          analyzed,
          conditioned,
          expand,
          boosts,
          explained,
          language,
          filter,
          excluding,
          bytes);
    }

    /// Whether [Bm25] scores the chunks.
    boolean scored() {
      return match == WordMatch.ANY || match == WordMatch.ALL;
    }

    /// Whether there are words to score.
    boolean scoresWords() {
      return scored() && (words || frequentWords);
    }
  }

  /// What a placeholder stands for. A filter and the boosts have any number of parameters, ranked
  /// chunks three, the others one.
  enum Placeholder {
    TIMEOUT,
    VECTOR,
    TEXT,
    WORDS,
    SEVERAL_WORDS,
    FREQUENT_WORDS,
    ANY_WORD,
    EACH_WORD,
    WEIGHTS,
    NUMBERS,
    TITLE_WEIGHT,
    MAX_SCORE_OF_FREQUENT,
    MEAN_LENGTH,
    SCORE_OF_ALL,
    FILTER,
    EXCLUDED,
    BOOSTS,
    NEAREST,
    MATCHING,
    DOCUMENTS
  }

  private final Shape shape;
  private final Space space;
  private final SearchPlan plan;
  private final List<Placeholder> placeholders = new ArrayList<>();
  private final String settingsStatement;
  private final String searchStatement;
  private final String statements;

  SearchText(Shape shape) {
    this.shape = shape;
    this.space = shape.space();
    this.plan = shape.plan();
    this.settingsStatement = isMerge() ? "" : settings();
    this.searchStatement =
        switch (shape.mode()) {
              case VECTOR ->
                  "WITH ranked AS MATERIALIZED (\n" + nearestChunks() + ")" + countOf("ranked");
              case FULLTEXT -> "WITH " + matchingChunks("ranked") + countOfWords();
              case HYBRID ->
                  "WITH near AS MATERIALIZED (\n"
                      + nearestChunks()
                      + "),\n"
                      + matchingChunks("matching")
                      + countOfBoth()
                      + fusion();
            }
            + bestChunks()
            + hits();
    this.statements = settingsStatement + searchStatement;
  }

  /// A statement that ranks on the shards.
  private SearchText(Shape shape, Function<SearchText, String> statement) {
    this.shape = shape;
    this.space = shape.space();
    this.plan = shape.plan();
    this.settingsStatement = "";
    this.searchStatement = statement.apply(this);
    this.statements = searchStatement;
  }

  /// Statements for the transaction of a search on shards. The last one has the same row as the
  /// first of [#statements]. Workers get the settings of the transaction, but not those of
  /// `set_config`.
  ///
  /// @param timeout in milliseconds
  static String settingsOfShards(Shape shape, long timeout) {
    var text = new SearchText(shape, _ -> "");
    Map<String, String> settings = text.planSettings();
    // The planner of Citus needs the parameters.
    settings.put("plan_cache_mode", "force_custom_plan");
    var statements = new StringBuilder("SET LOCAL citus.propagate_set_commands = 'local';\n");
    statements.append("SET LOCAL statement_timeout = %s;\n".formatted(timeout));
    settings.forEach(
        (name, value) -> statements.append("SET LOCAL %s = '%s';\n".formatted(name, value)));
    return statements.append("SELECT ").append(state(text.space)).toString();
  }

  /// Ranks vectors on each shard: the best `limit` of each, of which the coordinator keeps the
  /// best.
  static SearchText nearestOfShards(Shape shape, int limit) {
    return new SearchText(
        shape,
        text ->
            shape.plan() instanceof SearchPlan.IndexScan
                ? text.nearestChunks()
                : text.best(text.nearestChunks(), limit));
  }

  /// The best chunks of some documents, with the distances of their vectors.
  static SearchText nearestOfDocuments(Shape shape) {
    return new SearchText(
        shape,
        text ->
            text.bestOfGroups(
                """
                SELECT e.document_id, e.ordinal, e.vector %s %s AS key
                  FROM %s e
                 WHERE e.document_id = ANY (%s::uuid[])\
                """
                    .formatted(
                        text.space.metric().operator(),
                        text.space.storage().comparable(text.vectorParameter()),
                        text.space.embeddingTable(),
                        text.placeholder(Placeholder.DOCUMENTS))));
  }

  /// Ranks all chunks with the words on each shard: the best `limit` of each, of which the
  /// coordinator keeps the best.
  static SearchText matchingOfShards(Shape shape, int limit) {
    return new SearchText(
        shape,
        text -> text.best(shape.scored() ? text.scoredChunks() : text.chunksOfSyntax(), limit));
  }

  /// Merges what the shards have ranked, and looks the hits up.
  static SearchText merging(Shape shape) {
    return new SearchText(shape.with(new SearchPlan.Merge(), shape.maxBytes()));
  }

  /// The number of vectors that an exact scan compares.
  static SearchText countNearest(Shape shape) {
    return new SearchText(
        shape,
        text ->
            "SELECT count(*)\n  FROM %s e%s\n%s"
                .formatted(
                    text.space.embeddingTable(),
                    shape.filter() == null ? "" : text.documentJoin("e"),
                    where(text.filterCondition(), text.exclusionCondition())));
  }

  /// The number of chunks with the words.
  static SearchText countMatching(Shape shape) {
    return new SearchText(
        shape,
        text ->
            "SELECT count(*)\n  FROM %s c%s\n%s"
                .formatted(
                    text.space.chunkTable(),
                    shape.filter() == null ? "" : text.documentOfChunk(),
                    where(
                        "c.search @@ " + (shape.scored() ? text.anyWord() : text.textQuery()),
                        text.filterCondition())));
  }

  private boolean isMerge() {
    return plan instanceof SearchPlan.Merge;
  }

  private String best(String chunks, int limit) {
    return shape.grouped() && shape.mode() != Mode.HYBRID
        ? bestOfGroups(chunks) + "\n LIMIT " + (long) limit * shape.groupSize()
        : chunks + "\n ORDER BY key, document_id, ordinal\n LIMIT " + limit;
  }

  /// The best chunks of each document, the document with the best chunk first. All chunks of a
  /// document are on one shard.
  private String bestOfGroups(String chunks) {
    return """
    SELECT document_id, ordinal, key
      FROM (SELECT r.document_id, r.ordinal, r.key,
                   min(r.key) OVER (PARTITION BY r.document_id) AS top,
                   row_number() OVER (PARTITION BY r.document_id ORDER BY r.key, r.ordinal) AS place
              FROM (%s) r) g
     WHERE place <= %s
     ORDER BY top, document_id, key, ordinal\
    """
        .formatted(chunks, shape.groupSize());
  }

  /// All chunks with a word, or with all words. `OFFSET 0` and `LIMIT` in a part of the statement
  /// would bring the rows of that part to the coordinator.
  private String scoredChunks() {
    if (!shape.words() && !shape.frequentWords()) {
      return "SELECT c.document_id, c.ordinal, 0::float8 AS key FROM %s c WHERE false"
          .formatted(space.chunkTable());
    }
    return """
    SELECT s.document_id, s.ordinal,
           -(SELECT sum(%s)
               FROM %s) AS key
      FROM (SELECT c.document_id, c.ordinal, %s AS search, %s AS norm%s
              FROM %s c%s
            %s) s\
    """
        .formatted(
            scoreOfWord(),
            eachWord("w(query, weight)"),
            Bm25.marked("c.search"),
            shape
                .bm25()
                .norm(Bm25.length(Bm25.marked("c.search")), number(Placeholder.MEAN_LENGTH)),
            title(),
            space.chunkTable(),
            shape.filter() == null ? "" : documentOfChunk(),
            where("c.search @@ " + anyWord(), filterCondition()));
  }

  /// Of a chunk, or with [WordMatch#ALL] the condition on it.
  private String anyWord() {
    return tsquery(shape.match() == WordMatch.ALL ? Placeholder.WORDS : Placeholder.ANY_WORD);
  }

  private String ranked(Placeholder placeholder) {
    return "SELECT * FROM unnest(%s::uuid[], ?::int[], ?::float8[]) AS r (document_id, ordinal, key)"
        .formatted(placeholder(placeholder));
  }

  /// The placeholders of both statements, in order.
  List<Placeholder> placeholders() {
    return placeholders;
  }

  /// Both statements. The first column of the row of the first is the number of rows of the space
  /// if its index is valid, else -1.
  String statements() {
    return statements;
  }

  /// Both statements, of which the second is explained.
  String explaining(String explain) {
    return settingsStatement + explain + searchStatement;
  }

  String searchStatement() {
    return searchStatement;
  }

  /// The statement that sets the parameters of the session for this transaction.
  private String settings() {
    // The time limit is a parameter: the text would be another for each time that is left.
    placeholders.add(Placeholder.TIMEOUT);
    var statement =
        new StringBuilder("SELECT ")
            .append(state(space))
            .append(",\n       set_config('statement_timeout', ?, true)");
    planSettings()
        .forEach((name, value) ->
            statement.append(",\n       set_config('%s', '%s', true)".formatted(name, value)));
    return statement.append(";\n").toString();
  }

  /// Two expressions: the number of rows of the space if its index is valid, else -1; and whether
  /// searches use the space.
  private static String state(Space space) {
    return "%s,\n       EXISTS (SELECT FROM collection WHERE id = %s AND active_space_id = %s)"
        .formatted(HnswScan.indexedRows(space), space.collectionId(), space.id());
  }

  private Map<String, String> planSettings() {
    var settings = new LinkedHashMap<String, String>();
    // The costs of disabled plan nodes would start the compiler.
    settings.put("jit", "off");
    switch (plan) {
      case SearchPlan.IndexScan index -> {
        // The best plan does not depend on the filter, except in a hybrid search, which matches
        // words among the filtered rows.
        settings.put(
            "plan_cache_mode",
            shape.filter() == null || shape.mode() == Mode.VECTOR
                ? "force_generic_plan"
                : "force_custom_plan");
        settings.putAll(index.scan().settings());
      }
      case SearchPlan.ExactScan exact when exact.isBounded() -> {
        settings.put("plan_cache_mode", "force_custom_plan");
        settings.putAll(HnswScan.settingsForFewRows());
      }
      case SearchPlan.ExactScan _, SearchPlan.FulltextScan _ -> {
        if (shape.filter() != null) {
          settings.put("plan_cache_mode", "force_custom_plan");
        } else if (shape.scored()) {
          // With the words at hand, the planner may prefer to read a table until there are enough
          // chunks with a frequent word.
          settings.put("plan_cache_mode", "force_generic_plan");
        }
      }
      case SearchPlan.Merge _ -> {}
    }
    if (shape.scored()) {
      // Equal searches must rank the same chunks.
      settings.put("synchronize_seqscans", "off");
    }
    return settings;
  }

  private String nearestChunks() {
    return switch (plan) {
      case SearchPlan.ExactScan exact ->
          """
          SELECT e.document_id, e.ordinal, e.vector %s %s AS key
            FROM %s e%s
          %s
          %s\
          """
              .formatted(
                  space.metric().operator(),
                  space.storage().comparable(vectorParameter()),
                  space.embeddingTable(),
                  shape.filter() == null ? "" : documentJoin("e"),
                  where(filterCondition(), exclusionCondition()),
                  exact.isBounded() ? " LIMIT " + (exact.bound() + 1) : "");
      case SearchPlan.IndexScan index ->
          """
          SELECT e.document_id, e.ordinal, e.vector %s %s AS key
            FROM %s e%s
          %s
           ORDER BY (%s) %s %s
           LIMIT %s\
          """
              .formatted(
                  space.metric().operator(),
                  space.storage().comparable(vectorParameter()),
                  space.embeddingTable(),
                  filterOfCandidates(),
                  where(exclusionCondition(), null),
                  space.precision().element("e.vector", space.dimensions()),
                  space.precision().operator(space.metric()),
                  "(SELECT "
                      + space.precision().element(vectorParameter(), space.dimensions())
                      + ")",
                  index.candidates());
      case SearchPlan.Merge _ -> ranked(Placeholder.NEAREST);
      case SearchPlan.FulltextScan _ ->
          throw new IllegalStateException("a full-text scan has no vectors");
    };
  }

  /// The document of each candidate is looked up through `document_pkey`. `OFFSET 0` enforces this:
  /// without it, the planner may underestimate the matching documents, and join all of them with
  /// every candidate.
  private String filterOfCandidates() {
    if (shape.filter() == null) {
      return "";
    }
    placeholders.add(Placeholder.FILTER);
    return """

    CROSS JOIN LATERAL (
          SELECT FROM %s d
           WHERE d.collection_id = %s AND d.id = e.document_id AND %s
          OFFSET 0) d\
    """
        .formatted(space.documentTable(), space.collectionId(), shape.filter());
  }

  /// Expressions that produce the chunks that match the words, as `name`.
  private String matchingChunks(String name) {
    if (isMerge()) {
      return "%s AS MATERIALIZED (\n%s)".formatted(name, ranked(Placeholder.MATCHING));
    }
    if (!shape.scored()) {
      return "%s AS MATERIALIZED (\n%s)".formatted(name, chunksOfSyntax());
    }
    String ofWords =
        "of_words AS MATERIALIZED (\n"
            + (shape.words()
                ? scored(() -> "(" + chunksWith("c.search @@ " + words(), MAX_RARE) + ")")
                : "SELECT NULL::uuid AS document_id, NULL::int AS ordinal, NULL::float8 AS key"
                    + " WHERE false")
            + ")";
    return shape.frequentWords()
        ? ofWords + chunksWithFrequentWords(name)
        : ofWords + ",\n%s AS (SELECT * FROM of_words)".formatted(name);
  }

  private String chunksOfSyntax() {
    return """
    SELECT c.document_id, c.ordinal, -%s::float8 AS key
      FROM %s c%s
    %s\
    """
        .formatted(
            rank(),
            space.chunkTable(),
            shape.filter() == null ? "" : documentOfChunk(),
            where("c.search @@ " + textQuery(), filterCondition()));
  }

  /// Without weights, all labels have the weight that PostgreSQL gives a position without one. It
  /// accepts no weight above 1.
  private String rank() {
    return shape.weighsTitles()
        ? "(10 * ts_rank_cd(ARRAY[0.01, 0.01, 0.01, %s / 100]::real[], c.search, %s))"
            .formatted(number(Placeholder.TITLE_WEIGHT), textQuery())
        : "ts_rank_cd('{0.1,0.1,0.1,0.1}', c.search, %s)".formatted(textQuery());
  }

  /// Chunks without a rare word are not read if the best chunks with a rare word have a higher
  /// score than any of them can have. Of the others, those with several words come first.
  private String chunksWithFrequentWords(String name) {
    String notEnough = "NOT (SELECT reached FROM enough) AND ";
    return """
    ,
    enough AS MATERIALIZED (SELECT %s AS reached),
    of_several AS MATERIALIZED (
    %s
    ),
    of_one AS MATERIALIZED (
    %s
    ),
    of_frequent AS MATERIALIZED (
    %s
    ),
    %s AS MATERIALIZED (SELECT * FROM of_words UNION ALL SELECT * FROM of_frequent)\
    """
        .formatted(
            enough(),
            chunksWith(
                notEnough
                    + "c.search @@ "
                    + tsquery(Placeholder.SEVERAL_WORDS)
                    + withoutRareWords(),
                MIN_RANKED),
            chunksWith(
                notEnough
                    + "(SELECT count(*) FROM of_words) + (SELECT count(*) FROM of_several) < %s AND c.search @@ "
                        .formatted(MIN_RANKED)
                    + tsquery(Placeholder.FREQUENT_WORDS)
                    + " AND NOT c.search @@ "
                    + tsquery(Placeholder.SEVERAL_WORDS)
                    + withoutRareWords(),
                MIN_RANKED),
            scored(() -> "(SELECT * FROM of_several UNION ALL SELECT * FROM of_one)"),
            name);
  }

  private String enough() {
    if (!shape.words() || shape.grouped()) {
      return "false";
    }
    int depth = shape.mode() == Mode.HYBRID ? shape.depth() : shape.limit() + shape.offset();
    return "COALESCE((SELECT key FROM of_words ORDER BY key LIMIT 1 OFFSET %s) <= -%s, false)"
        .formatted(depth - 1, number(Placeholder.MAX_SCORE_OF_FREQUENT));
  }

  private String withoutRareWords() {
    return shape.words() ? " AND NOT c.search @@ " + words() : "";
  }

  /// At most `limit` chunks, in the order of the table. Parallel workers would find others each
  /// time. A condition with `pg_backend_pid` is never given to them, and this one is always true. A
  /// setting would keep them from the vectors of a hybrid search too.
  private String chunksWith(String condition, int limit) {
    return """
    SELECT c.document_id, c.ordinal, %s AS search
      FROM %s c%s
    %s
     LIMIT %s\
    """
        .formatted(
            Bm25.marked("c.search"),
            space.chunkTable(),
            shape.filter() == null ? "" : documentOfChunk(),
            where("c.ordinal > -pg_backend_pid() AND " + condition, filterCondition()),
            limit);
  }

  /// The keys of chunks: their scores, negative. All words count, also those that did not select
  /// them.
  ///
  /// @param chunks called when it is the turn of its placeholders
  private String scored(Supplier<String> chunks) {
    return """
    SELECT s.document_id, s.ordinal,
           -(SELECT sum(%s)
               FROM %s) AS key
      FROM (SELECT c.document_id, c.ordinal, c.search, %s AS norm%s
              FROM %s c
            OFFSET 0) s\
    """
        .formatted(scoreOfWord(), eachWord("w(query, weight)"), norm(), title(), chunks.get());
  }

  private String scoreOfWord() {
    return "w.weight * (1 - s.norm / (%s + s.norm))".formatted(weightedFrequency());
  }

  private String weightedFrequency() {
    return shape.weighsTitles()
        ? "%s + (%s - 1) * %s"
            .formatted(frequencyOfWord(), number(Placeholder.TITLE_WEIGHT), frequencyInTitle())
        : frequencyOfWord();
  }

  private String frequencyOfWord() {
    return shape.synonyms() ? "w.frequency" : Bm25.frequency("s.search", "w.query");
  }

  private String frequencyInTitle() {
    return shape.synonyms() ? "w.in_title" : Bm25.frequency("s.title", "w.query");
  }

  /// The next column of a chunk: the part of its tsvector that is the title's.
  private String title() {
    return shape.weighsTitles() ? ", ts_filter(c.search, '{a}') AS title" : "";
  }

  /// The occurrences of all synonyms of a word are added. Those of a phrase cannot be counted, so
  /// it counts once.
  private String eachWord(String alias) {
    String queries = placeholder(Placeholder.EACH_WORD) + "::text[]::tsquery[]";
    String weights = placeholder(Placeholder.WEIGHTS) + "::float8[]";
    if (!shape.synonyms()) {
      return "unnest(%s, %s) %s".formatted(queries, weights, alias);
    }
    return """
    LATERAL (SELECT min(e.weight) AS weight, e.word AS place,
                           %s AS frequency%s
                      FROM unnest(%s, %s, %s::int[]) e(query, weight, word)
                     GROUP BY e.word OFFSET 0) w\
    """
        .formatted(
            frequencyOfSynonyms("s.search"),
            shape.weighsTitles() ? ", " + frequencyOfSynonyms("s.title") + " AS in_title" : "",
            queries,
            weights,
            placeholder(Placeholder.NUMBERS));
  }

  private static String frequencyOfSynonyms(String search) {
    return """
    sum(CASE WHEN numnode(e.query) = 1 THEN %s
                                    WHEN %s @@ e.query THEN 1 ELSE 0 END)\
    """
        .formatted(Bm25.frequency(search, "e.query"), search);
  }

  private String norm() {
    return shape.bm25().norm(Bm25.length("c.search"), number(Placeholder.MEAN_LENGTH));
  }

  private String words() {
    return tsquery(Placeholder.WORDS);
  }

  private String tsquery(Placeholder placeholder) {
    return placeholder(placeholder) + "::tsquery";
  }

  private String number(Placeholder placeholder) {
    return placeholder(placeholder) + "::float8";
  }

  private String placeholder(Placeholder placeholder) {
    placeholders.add(placeholder);
    return "?";
  }

  /// What [#hits] returns about the words: whether no better chunk can be missing, and whether
  /// there may be chunks with a word that were not ranked.
  private String exactAndMore() {
    if (!shape.scored()) {
      return "true AS exact, false AS more";
    }
    String complete = "(SELECT count(*) FROM of_words) < " + MAX_RARE;
    if (!shape.frequentWords()) {
      return "%s AS exact, NOT %s AS more".formatted(complete, complete);
    }
    String all =
        """
        (NOT (SELECT reached FROM enough) AND %s
         AND (SELECT count(*) FROM of_words) + (SELECT count(*) FROM of_several) < %s
         AND (SELECT count(*) FROM of_one) < %s)\
        """
            .formatted(complete, MIN_RANKED, MIN_RANKED);
    return "(SELECT reached FROM enough) OR %s AS exact, NOT %s AS more".formatted(all, all);
  }

  private String countOfWords() {
    return isMerge()
        ? ""
        : ",\nfound AS (SELECT (SELECT count(*) FROM ranked) AS rows, " + exactAndMore() + ")";
  }

  /// The number of rows is that of the vector search.
  private String countOfBoth() {
    if (isMerge()) {
      return "";
    }
    return """
    ,
    found AS (SELECT n.rows, w.exact, w.more OR n.rows >= %s OR (SELECT count(*) FROM matching) > %s AS more
                FROM (SELECT count(*) AS rows FROM near) n, (SELECT %s) w)\
    """
        .formatted(Query.wanted(shape.depth()), shape.depth(), exactAndMore());
  }

  private String textQuery() {
    if (shape.conditioned()) {
      return tsquery(Placeholder.TEXT);
    }
    return "websearch_to_tsquery('%s', %s)"
        .formatted(shape.language(), placeholder(Placeholder.TEXT));
  }

  private String markedWords() {
    return shape.scoresWords() ? tsquery(Placeholder.ANY_WORD) : textQuery();
  }

  private String fusion() {
    Fusion fusion = shape.fusion();
    return """
    ,
    nearest AS (
         SELECT document_id, ordinal, key, row_number() OVER (ORDER BY key, document_id, ordinal) AS place
           FROM near
          ORDER BY place
          LIMIT %1$s
    ),
    worded AS (
         SELECT document_id, ordinal, key, row_number() OVER (ORDER BY key, document_id, ordinal) AS place
           FROM matching w
          ORDER BY place
          LIMIT %1$s
    ),
    ranked AS MATERIALIZED (
         SELECT document_id, ordinal,
                -(COALESCE(%2$s::float8 * %3$s, 0) + COALESCE(%4$s::float8 * %5$s, 0)) AS key%6$s
           FROM nearest n
           FULL JOIN worded w USING (document_id, ordinal)
    )\
    """
        .formatted(
            shape.depth(),
            fusion.vector(),
            gainOfVectors(),
            fusion.fulltext(),
            gainOfWords(),
            shape.explained() ? partsOfFusion() : "");
  }

  private String partsOfFusion() {
    return """
    ,
                n.key AS vector_key, n.place AS vector_rank, %s::float8 * %s AS vector_gain,
                w.key AS words_key, w.place AS words_rank, %s::float8 * %s AS words_gain\
    """
        .formatted(
            shape.fusion().vector(), gainOfVectors(), shape.fusion().fulltext(), gainOfWords());
  }

  /// What the nearest chunks add to the score of a chunk, without the weight; NULL if they do not
  /// contain it.
  private String gainOfVectors() {
    return switch (shape.fusion().by()) {
      case RANK -> gainOfRank("n");
      case SCORE ->
          """
          CASE WHEN n.key = (SELECT min(key) FROM nearest) THEN 1
                              ELSE ((SELECT max(key) FROM nearest) - n.key)
                                   / NULLIF((SELECT max(key) - min(key) FROM nearest), 0) END\
          """;
    };
  }

  /// The same of the chunks with words.
  private String gainOfWords() {
    return switch (shape.fusion().by()) {
      case RANK -> gainOfRank("w");
      case SCORE ->
          "-w.key / NULLIF(greatest(-(SELECT min(key) FROM worded)%s), 0)"
              .formatted(shape.scored() ? ", " + number(Placeholder.SCORE_OF_ALL) : "");
    };
  }

  private String gainOfRank(String chunk) {
    return "1 / (%s + %s.place)::float8".formatted(shape.fusion().constant(), chunk);
  }

  /// Whether the planner needs the number of rows. It does not in an index scan of a vector search,
  /// where it counts the hits.
  private boolean needsCount() {
    return !isMerge() && (!(plan instanceof SearchPlan.IndexScan) || shape.mode() != Mode.VECTOR);
  }

  /// The number of rows that were compared, or of candidates in an index scan.
  private String countOf(String rows) {
    return isMerge() ? "" : ",\nfound AS (SELECT count(*) AS rows FROM " + rows + ")";
  }

  private String bestChunks() {
    String unlessTooMany =
        plan instanceof SearchPlan.ExactScan exact && exact.isBounded()
            ? "WHERE (SELECT rows FROM found) <= " + exact.bound()
            : "";
    if (!shape.grouped()) {
      return """
      ,
      best AS (
           SELECT document_id, ordinal, key, key AS top
             FROM ranked
            %s
            ORDER BY key, document_id, ordinal
            LIMIT %s OFFSET %s
      )
      """
          .formatted(unlessTooMany, shape.limit(), shape.offset());
    }
    return """
    ,
    best AS (
         SELECT g.document_id, m.ordinal, m.key, g.top
           FROM (SELECT document_id, min(key) AS top
                   FROM ranked
                  %s
                  GROUP BY document_id
                  ORDER BY top, document_id
                  LIMIT %s OFFSET %s) g
          CROSS JOIN LATERAL (%s
                  ORDER BY key, ordinal
                  LIMIT %s) m
    )
    """
        .formatted(
            unlessTooMany, shape.limit(), shape.offset(), chunksOfGroup(), shape.groupSize());
  }

  /// The best chunks of each document. The index may have missed some of them, so a vector search
  /// reads all chunks of the document through the primary key of the embeddings.
  private String chunksOfGroup() {
    return shape.mode() == Mode.VECTOR && !isMerge()
        ? """
        SELECT e.ordinal, (e.vector %s %s) + 0 AS key
                FROM %s e
               WHERE e.document_id = g.document_id\
        """
            .formatted(
                space.metric().operator(),
                space.storage().comparable(vectorParameter()),
                space.embeddingTable())
        : """
        SELECT r.ordinal, r.key
                FROM ranked r
               WHERE r.document_id = g.document_id\
        """;
  }

  /// Texts, vectors and highlights are read for the returned rows only. The last column is the
  /// number of bytes of the texts of the hit, as they are stored. If they are more than
  /// [Shape#maxBytes], the texts are NULL, so that the caller can reserve memory before it reads
  /// them. The number is computed once for a hit, where the last of its texts is looked up.
  private String hits() {
    boolean ofChunk = shape.marks() || shape.select().contains(ReturnField.TEXT);
    var document = new StringJoiner(", ").add("d.external_id");
    var chunk = new StringJoiner(", ");
    var columns = new StringBuilder();
    var bytes = new StringJoiner(" + ");
    String found = "";
    for (ReturnField field : shape.select()) {
      String name = alias(field);
      switch (field) {
        case TITLE, URI, METADATA -> {
          document.add(field.column + " AS " + name);
          bytes.add("COALESCE(octet_length(" + (ofChunk ? name : field.column) + "), 0)");
          columns.append(", ").append(ifShort(name));
        }
        case TEXT -> {
          document.add("d.mime_type");
          chunk.add(chunkText() + " AS " + name);
          bytes.add("octet_length(c.text)");
          columns.append(", ").append(ifShort(name));
        }
        case CREATED_AT, UPDATED_AT -> {
          document.add(field.column + " AS " + name);
          columns.append(", ").append(name);
        }
        case VECTOR -> {
          found = lookUp(field.column + " AS " + name, embeddingOfHit(), "hit_embedding");
          columns.append(", ").append(name);
        }
      }
    }
    if (shape.marks()) {
      if (!shape.select().contains(ReturnField.TEXT)) {
        document.add("d.mime_type");
      }
      chunk.add(withoutMarks(chunkText()) + " AS unmarked");
      bytes.add(
          "octet_length(c.text) + least(%s, octet_length(%s))"
              .formatted(HTML_BYTES * shape.markedCharacters(), escaped("c.text")));
      columns.append(", ").append(ifShort(shape.analyzed() ? "unmarked" : marked()));
    }
    var parts = new StringBuilder();
    if (shape.expand() != null) {
      parts
          .append(", adjacent_ordinals, adjacent_starts, ")
          .append(ifShort("adjacent_texts"))
          .append(" AS adjacent_texts");
    }
    (ofChunk ? chunk : document).add((bytes.length() == 0 ? "0" : bytes) + " AS hit_bytes");
    for (int boost = 0; boost < shape.boosts().size(); boost++) {
      document.add(shape.boosts().get(boost) + " AS boost_" + boost);
      parts.append(", boost_").append(boost);
    }
    if (!shape.boosts().isEmpty()) {
      placeholders.add(Placeholder.BOOSTS);
    }
    if (isMerge()) {
      document.add("d.id AS document_id");
    }
    found =
        "best b"
            + lookUp(document.toString(), documentOfHit(), "hit_document")
            + (shape.expand() == null
                ? ""
                : lookUp("*", adjacentChunks(shape.expand()), "hit_adjacent"))
            + (ofChunk ? lookUp(chunk.toString(), chunkOfHit(), "hit_chunk") : "")
            + found;
    if (shape.explained() && shape.mode() == Mode.HYBRID) {
      parts.append(", vector_key, vector_rank, vector_gain, words_key, words_rank, words_gain");
      found +=
          lookUp(
              "r.*",
              "ranked r WHERE r.document_id = b.document_id AND r.ordinal = b.ordinal",
              "hit_fusion");
    }
    if (shape.explained() && shape.scoresWords()) {
      parts
          .append(", words_length, words_counts, words_scores")
          .append(shape.weighsTitles() ? ", words_in_title" : "");
      found += lookUp("*", partsOfWords(), "hit_words");
    }
    return "SELECT "
        + (needsCount() ? "f.rows" : "0::bigint")
        + ", external_id, b.ordinal, b.key"
        + columns
        + ", "
        + hitBytes()
        + (shape.mode() == Mode.VECTOR ? "" : isMerge() ? ", true, false" : ", f.exact, f.more")
        + parts
        + "\n  FROM "
        + (needsCount() ? "found f\n  LEFT JOIN (" + found + ") ON true" : found)
        + "\n ORDER BY b.top, b.document_id, b.key, b.ordinal";
  }

  private String ifShort(String text) {
    return "CASE WHEN " + hitBytes() + " <= " + shape.maxBytes() + " THEN " + text + " END";
  }

  /// The bytes of what is returned of a hit and of the chunks around it.
  private String hitBytes() {
    return shape.expand() == null ? "hit_bytes" : "hit_bytes + adjacent_bytes";
  }

  private static String alias(ReturnField field) {
    return "hit_" + field.name().toLowerCase(Locale.ROOT);
  }

  /// Looks up the row of each hit by its primary key. `OFFSET 0` enforces this: the planner
  /// otherwise may read a whole table, because disabled sorts hide the difference in cost.
  private String lookUp(String columns, String row, String alias) {
    return "\n  CROSS JOIN LATERAL (SELECT %s FROM %s%s) %s"
        .formatted(columns, row, isMerge() ? "" : " OFFSET 0", alias);
  }

  /// The id of the document of a hit. On the shards, it has to be the one that is stored there.
  private String idOfHit() {
    return isMerge() ? "hit_document.document_id" : "b.document_id";
  }

  private String documentOfHit() {
    return "%s d WHERE d.collection_id = %s AND d.id = b.document_id"
        .formatted(space.documentTable(), space.collectionId());
  }

  /// The chunks around a hit, and the hit itself.
  private String adjacentChunks(Expand expand) {
    return """
    (SELECT array_agg(c.text ORDER BY c.ordinal) AS adjacent_texts,
            array_agg(c.ordinal ORDER BY c.ordinal) AS adjacent_ordinals,
            array_agg(c.start_offset ORDER BY c.ordinal) AS adjacent_starts,
            COALESCE(sum(octet_length(c.text)), 0) AS adjacent_bytes
       FROM %s c
      WHERE c.collection_id = %s AND c.document_id = %s
        AND c.ordinal BETWEEN b.ordinal - %s AND b.ordinal + %s%s) n\
    """
        .formatted(
            space.chunkTable(),
            space.collectionId(),
            idOfHit(),
            expand.before(),
            expand.after(),
            isMerge() ? " GROUP BY c.document_id" : "");
  }

  private String chunkOfHit() {
    return "%s c WHERE c.collection_id = %s AND c.document_id = %s AND c.ordinal = b.ordinal"
        .formatted(space.chunkTable(), space.collectionId(), idOfHit());
  }

  /// What [#scored] adds up.
  private String partsOfWords() {
    if (isMerge()) {
      return partsOfWordsOnShards();
    }
    return """
    (SELECT s.length AS words_length, array_agg(%s ORDER BY w.place) AS words_counts,
                               array_agg(%s ORDER BY w.place) AS words_scores%s
                          FROM (SELECT c.search, %s AS norm, %s AS length%s
                                  FROM (SELECT %s AS search FROM %s OFFSET 0) c
                                OFFSET 0) s
                         CROSS JOIN %s
                         GROUP BY s.length) p\
    """
        .formatted(
            frequencyOfWord(),
            scoreOfWord(),
            shape.weighsTitles()
                ? ", array_agg(%s ORDER BY w.place) AS words_in_title".formatted(frequencyInTitle())
                : "",
            norm(),
            Bm25.length("c.search"),
            title(),
            Bm25.marked("c.search"),
            chunkOfHit(),
            eachWord("WITH ORDINALITY AS w(query, weight, place)"));
  }

  /// The same without groups, which a worker could not join with the hits.
  private String partsOfWordsOnShards() {
    return """
    (SELECT s.length AS words_length,
                               ARRAY(SELECT %s FROM %s ORDER BY w.place) AS words_counts,
                               ARRAY(SELECT %s FROM %s ORDER BY w.place) AS words_scores%s
                          FROM (SELECT c.search, %s AS norm, %s AS length%s
                                  FROM (SELECT %s AS search FROM %s) c) s) p\
    """
        .formatted(
            frequencyOfWord(),
            eachWord("WITH ORDINALITY AS w(query, weight, place)"),
            scoreOfWord(),
            eachWord("WITH ORDINALITY AS w(query, weight, place)"),
            shape.weighsTitles()
                ? ", ARRAY(SELECT %s FROM %s ORDER BY w.place) AS words_in_title"
                    .formatted(
                        frequencyInTitle(), eachWord("WITH ORDINALITY AS w(query, weight, place)"))
                : "",
            norm(),
            Bm25.length("c.search"),
            title(),
            Bm25.marked("c.search"),
            chunkOfHit());
  }

  private String embeddingOfHit() {
    return "%s v WHERE v.space_id = %s AND v.document_id = %s AND v.ordinal = b.ordinal"
        .formatted(space.embeddingTable(), space.id(), idOfHit());
  }

  /// The text of a chunk without the white space that surrounds it in the document. A chunk that
  /// the client sent is returned to the letter, without the line feed that is stored after each but
  /// the last.
  private String chunkText() {
    return """
    CASE WHEN hit_document.mime_type <> 'application/json' THEN btrim(c.text, %s)
                WHEN c.text LIKE E'%%\\n'
                 AND EXISTS (SELECT 1 FROM %s n
                              WHERE n.collection_id = %s AND n.document_id = c.document_id AND n.ordinal = c.ordinal + 1)
                THEN left(c.text, -1) ELSE c.text END\
    """
        .formatted(WHITE_SPACE, space.chunkTable(), space.collectionId());
  }

  /// A text with HTML's special characters as entities.
  private static String escaped(String column) {
    String expression = column;
    for (Map.Entry<String, String> entity : ENTITIES) {
      expression =
          "replace(%s, '%s', '%s')".formatted(expression, entity.getKey(), entity.getValue());
    }
    return expression;
  }

  /// A text of equal length that does not contain the marks.
  private static String withoutMarks(String text) {
    return "translate(%s, %s, '\uFFFD\uFFFD')".formatted(text, MARKS);
  }

  /// The text of a hit with marks around its words. A headline leaves out tokens of
  /// [#MAX_TOKEN_BYTES] and more; if there is such a token, the others are marked one by one.
  private String marked() {
    return """
    (SELECT CASE WHEN translate(whole, %s, '') = unmarked THEN whole
                 ELSE (SELECT string_agg(CASE WHEN octet_length(token) < %s THEN %s ELSE token END, '' ORDER BY place)
                         FROM ts_parse((SELECT cfgparser FROM pg_ts_config WHERE oid = '%s'::regconfig), unmarked)
                              WITH ORDINALITY AS parsed(type, token, place)
                        WHERE type NOT IN (%s)) END
       FROM (SELECT %s AS whole OFFSET 0) headline)\
    """
        .formatted(
            MARKS,
            MAX_TOKEN_BYTES,
            headline("token"),
            shape.language(),
            COMPOUND_TYPES,
            headline("unmarked"));
  }

  private String headline(String text) {
    return "ts_headline('%s', %s, %s, 'HighlightAll=true, StartSel=%s, StopSel=%s')"
        .formatted(shape.language(), text, markedWords(), MarkedText.START, MarkedText.STOP);
  }

  /// @param row a chunk or an embedding
  private String documentJoin(String row) {
    return "\n      JOIN %s d ON d.collection_id = %s AND d.id = %s.document_id"
        .formatted(space.documentTable(), space.collectionId(), row);
  }

  /// The key of chunks begins with the collection. Without it, a look-up reads the whole index.
  private String documentOfChunk() {
    return documentJoin("c") + " AND c.collection_id = " + space.collectionId();
  }

  private @Nullable String filterCondition() {
    if (shape.filter() != null) {
      placeholders.add(Placeholder.FILTER);
    }
    return shape.filter();
  }

  private @Nullable String exclusionCondition() {
    if (!shape.excluding()) {
      return null;
    }
    placeholders.add(Placeholder.EXCLUDED);
    return "e.document_id <> ALL (?::uuid[])";
  }

  private static String where(@Nullable String first, @Nullable String second) {
    if (first == null) {
      return second == null ? "" : "WHERE " + second;
    }
    return "WHERE " + first + (second == null ? "" : " AND " + second);
  }

  private String vectorParameter() {
    return placeholder(Placeholder.VECTOR);
  }
}
