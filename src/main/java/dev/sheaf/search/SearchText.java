package dev.sheaf.search;

import dev.sheaf.embedding.HnswScan;
import dev.sheaf.embedding.Space;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The text of the SQL of all searches of one [SearchShape]: two statements in one message, which
/// are one transaction and one round trip. The first sets parameters for this search and reads
/// whether the index is valid; the second searches.
///
/// The statement names partitions, and contains limits as numbers, because PostgreSQL cannot
/// estimate the rows of a parent table or the value of a parameter. Exact scans with a filter use a
/// custom plan, because the generic plan of one filter may be the worst for another.
///
/// Every plan produces `ranked (document_id, ordinal, key)`, where a smaller key is better.
final class SearchText {

  private final SearchShape shape;
  private final List<Placeholder> placeholders = new ArrayList<>();
  private final NearestChunks nearest;
  private final MatchingChunks matching;
  private final String settingsStatement;
  private final String searchStatement;
  private final String statements;

  SearchText(SearchShape shape) {
    this(shape, SearchText::settings, SearchText::search);
  }

  private SearchText(
      SearchShape shape,
      Function<SearchText, String> settings,
      Function<SearchText, String> search) {
    this.shape = shape;
    this.nearest = new NearestChunks(shape, placeholders);
    this.matching = new MatchingChunks(shape, placeholders);
    this.settingsStatement = settings.apply(this);
    this.searchStatement = search.apply(this);
    this.statements = settingsStatement + searchStatement;
  }

  /// A statement that ranks on the shards.
  private static SearchText onShards(SearchShape shape, Function<SearchText, String> statement) {
    return new SearchText(shape, _ -> "", statement);
  }

  private String search() {
    return switch (shape.mode()) {
          case VECTOR ->
              "WITH ranked AS MATERIALIZED (\n" + nearest.ranked() + ")" + countOf("ranked");
          case FULLTEXT -> "WITH " + matching.expressions("ranked") + countOfWords();
          case HYBRID ->
              "WITH near AS MATERIALIZED (\n"
                  + nearest.ranked()
                  + "),\n"
                  + matching.expressions("matching")
                  + countOfBoth()
                  + new FusedChunks(shape, placeholders).expressions();
        }
        + bestChunks()
        + new HitRows(shape, placeholders, matching).sql();
  }

  /// Statements for the transaction of a search on shards. The last one has the same row as the
  /// first of [#statements]. Workers get the settings of the transaction, but not those of
  /// `set_config`.
  ///
  /// @param timeout in milliseconds
  static String settingsOfShards(SearchShape shape, long timeout) {
    Map<String, String> settings = planSettings(shape);
    // The planner of Citus needs the parameters.
    settings.put("plan_cache_mode", "force_custom_plan");
    var statements = new StringBuilder("SET LOCAL citus.propagate_set_commands = 'local';\n");
    statements.append("SET LOCAL statement_timeout = %s;\n".formatted(timeout));
    settings.forEach(
        (name, value) -> statements.append("SET LOCAL %s = '%s';\n".formatted(name, value)));
    return statements.append("SELECT ").append(state(shape.space())).toString();
  }

  /// Ranks vectors on each shard: the best `limit` of each, of which the coordinator keeps the
  /// best.
  static SearchText nearestOfShards(SearchShape shape, int limit) {
    return onShards(
        shape,
        text ->
            shape.plan() instanceof SearchPlan.IndexScan
                ? text.nearest.ranked()
                : text.best(text.nearest.ranked(), limit));
  }

  /// The best chunks of some documents, with the distances of their vectors.
  static SearchText nearestOfDocuments(SearchShape shape) {
    return onShards(shape, text -> text.bestOfGroups(text.nearest.ofDocuments()));
  }

  /// Ranks all chunks with the words on each shard: the best `limit` of each, of which the
  /// coordinator keeps the best.
  static SearchText matchingOfShards(SearchShape shape, int limit) {
    return onShards(shape, text -> text.best(text.matching.onShard(), limit));
  }

  /// Merges what the shards have ranked, and looks the hits up.
  static SearchText merging(SearchShape shape) {
    return onShards(shape.merging(), SearchText::search);
  }

  /// The number of vectors that an exact scan compares.
  static SearchText countNearest(SearchShape shape) {
    return onShards(shape, text -> text.nearest.count());
  }

  /// The number of chunks with the words.
  static SearchText countMatching(SearchShape shape) {
    return onShards(shape, text -> text.matching.count());
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
            .append(state(shape.space()))
            .append(",\n       set_config('statement_timeout', ?, true)");
    planSettings(shape)
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

  private static Map<String, String> planSettings(SearchShape shape) {
    var settings = new LinkedHashMap<String, String>();
    // The costs of disabled plan nodes would start the compiler.
    settings.put("jit", "off");
    switch (shape.plan()) {
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

  /// The number of rows that were compared, or of candidates in an index scan.
  private String countOf(String rows) {
    return shape.isMerge() ? "" : ",\nfound AS (SELECT count(*) AS rows FROM " + rows + ")";
  }

  private String countOfWords() {
    return shape.isMerge()
        ? ""
        : ",\nfound AS (SELECT (SELECT count(*) FROM ranked) AS rows, "
            + matching.exactAndMore()
            + ")";
  }

  /// The number of rows is that of the vector search.
  private String countOfBoth() {
    if (shape.isMerge()) {
      return "";
    }
    return """
    ,
    found AS (SELECT n.rows, w.exact, w.more OR n.rows >= %s OR (SELECT count(*) FROM matching) > %s AS more
                FROM (SELECT count(*) AS rows FROM near) n, (SELECT %s) w)\
    """
        .formatted(Query.wanted(shape.depth()), shape.depth(), matching.exactAndMore());
  }

  private String bestChunks() {
    String unlessTooMany =
        shape.plan() instanceof SearchPlan.ExactScan exact && exact.isBounded()
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
            unlessTooMany, shape.limit(), shape.offset(), nearest.ofGroup(), shape.groupSize());
  }
}
