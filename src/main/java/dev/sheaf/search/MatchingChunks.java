package dev.sheaf.search;

import java.util.List;
import java.util.function.Supplier;

/// The parts of a search that find the chunks with words, and score them.
final class MatchingChunks extends StatementPart {

  /// More chunks with rare words, or with all words, are not ranked. The statistics may be
  /// outdated.
  static final int MAX_RARE = 6_000;

  /// As many chunks are ranked at least, if that many contain a word; not more with several
  /// frequent words, and not more with one.
  private static final int MIN_RANKED = SearchRequest.MAX_LIMIT;

  MatchingChunks(SearchShape shape, List<Placeholder> placeholders) {
    super(shape, placeholders);
  }

  /// Expressions that produce the chunks that match the words, as `name`.
  String expressions(String name) {
    if (shape.isMerge()) {
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

  /// What [HitRows] returns about the words: whether no better chunk can be missing, and whether
  /// there may be chunks with a word that were not ranked.
  String exactAndMore() {
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

  /// Of a chunk, or with [WordMatch#ALL] the condition on it.
  private String anyWord() {
    return tsquery(shape.match() == WordMatch.ALL ? Placeholder.WORDS : Placeholder.ANY_WORD);
  }

  private String textQuery() {
    if (shape.conditioned()) {
      return tsquery(Placeholder.TEXT);
    }
    return "websearch_to_tsquery('%s', %s)"
        .formatted(shape.language(), placeholder(Placeholder.TEXT));
  }

  /// The words to mark in a hit, as a tsquery.
  String marked() {
    return shape.scoresWords() ? tsquery(Placeholder.ANY_WORD) : textQuery();
  }

  /// An SQL query for what [#scored] adds up.
  ///
  /// @param chunkOfHit the row of a chunk
  String parts(String chunkOfHit) {
    if (shape.isMerge()) {
      return partsOnShards(chunkOfHit);
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
            chunkOfHit,
            eachWord("WITH ORDINALITY AS w(query, weight, place)"));
  }

  /// The same without groups, which a worker could not join with the hits.
  private String partsOnShards(String chunkOfHit) {
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
            chunkOfHit);
  }

  /// An SQL query for all chunks with the words, for a shard.
  String onShard() {
    return shape.scored() ? allScored() : chunksOfSyntax();
  }

  /// All chunks with a word, or with all words. `OFFSET 0` and `LIMIT` in a part of the statement
  /// would bring the rows of that part to the coordinator.
  private String allScored() {
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

  /// An SQL query for the number of chunks with the words.
  String count() {
    return "SELECT count(*)\n  FROM %s c%s\n%s"
        .formatted(
            space.chunkTable(),
            shape.filter() == null ? "" : documentOfChunk(),
            where("c.search @@ " + (shape.scored() ? anyWord() : textQuery()), filterCondition()));
  }
}
