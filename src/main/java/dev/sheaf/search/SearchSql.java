package dev.sheaf.search;

import com.pgvector.PGvector;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Predicate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The SQL of one search by one [Plan]: two statements that go to the server together, which makes
/// them one transaction and one round trip. The first sets what only this search needs and says
/// whether the index can be used; the second searches.
///
/// Tables are named, and limits are written out as numbers, because PostgreSQL plans a parent table
/// or a parameter as if it knew nothing about them. What compares the rows of a filter is planned
/// each time anew, for a plan that suits one filter may be the worst for the next.
///
/// All ways meet in `ranked (document_id, ordinal, key)`, a smaller key being better.
public final class SearchSql {

  private final Query query;
  private final Space space;
  private final Plan plan;
  private final List<Object> parameters = new ArrayList<>();
  private final String searching;

  public SearchSql(Query query, Plan plan) {
    this.query = query;
    this.space = query.space();
    this.plan = plan;
    this.searching =
        switch (query.request().mode()) {
              case VECTOR ->
                  "WITH ranked AS MATERIALIZED (\n" + vectors() + ")" + counted("ranked");
              case FULLTEXT ->
                  "WITH ranked AS MATERIALIZED (\n" + words() + ")" + counted("ranked");
              case HYBRID ->
                  "WITH near AS MATERIALIZED (\n" + vectors() + ")" + counted("near") + fused();
            }
            + best()
            + hits();
  }

  /// The second statement's parameters, in order.
  List<Object> parameters() {
    return parameters;
  }

  /// The statement that searches.
  String searching() {
    return searching;
  }

  /// The statement that prepares the ground. Its row begins with how many rows the space has if its
  /// index is valid, else -1.
  ///
  /// @param timeout milliseconds that the other statement may take
  String preparing(long timeout) {
    return settings(timeout).entrySet().stream()
        .map(setting ->
            "       set_config('%s', '%s', true)".formatted(setting.getKey(), setting.getValue()))
        .collect(Collectors.joining(",\n", "SELECT " + indexedRows(space) + ",\n", ";\n"));
  }

  /// Rows of a space whose index is valid, by PostgreSQL's own estimate; -1 when it is not.
  static String indexedRows(Space space) {
    return """
    COALESCE((SELECT greatest(c.reltuples, 0)::bigint
                     FROM pg_index i
                     JOIN pg_class c ON c.oid = i.indrelid
                    WHERE i.indexrelid = to_regclass('%s') AND i.indisvalid), -1)\
    """
        .formatted(space.indexName());
  }

  private Map<String, Object> settings(long timeout) {
    var settings = new LinkedHashMap<String, Object>();
    settings.put("statement_timeout", timeout);
    // Costs that are only there to switch a plan off would make it compile the query.
    settings.put("jit", "off");
    switch (plan) {
      case Plan.Index index -> {
        // The plan is the same for every filter, but where words are looked for among the rows of
        // one.
        settings.put(
            "plan_cache_mode",
            query.predicate() == null || query.request().mode() == Mode.VECTOR
                ? "force_generic_plan"
                : "force_custom_plan");
        settings.put("hnsw.ef_search", index.ef());
        settings.put("hnsw.iterative_scan", index.iterative() ? "relaxed_order" : "off");
        settings.put("hnsw.max_scan_tuples", index.maxScanned());
        // The planner's other ways are off, so that the strategy in the answer is the plan that
        // ran.
        settings.put("enable_seqscan", "off");
        settings.put("enable_sort", "off");
      }
      case Plan.Exact exact when exact.bounded() -> {
        settings.put("plan_cache_mode", "force_custom_plan");
        // Few rows are looked up: starting workers would take longer, and reading all documents
        // with them, which they make look cheap, longer still.
        settings.put("max_parallel_workers_per_gather", 0);
        settings.put("random_page_cost", 1.1);
      }
      case Plan.Exact _, Plan.Fulltext _ -> {
        if (query.predicate() != null) {
          settings.put("plan_cache_mode", "force_custom_plan");
        }
      }
    }
    return settings;
  }

  private String vectors() {
    return switch (plan) {
      case Plan.Exact exact ->
          """
          SELECT e.document_id, e.ordinal, e.vector %s %s AS key
            FROM %s e%s
          %s
          %s\
          """
              .formatted(
                  space.metric().operator(),
                  vector(),
                  space.embeddingTable(),
                  query.predicate() == null ? "" : documentOf("e"),
                  conditions(filtered(), notExcluded()),
                  exact.bounded() ? " LIMIT " + (exact.bound() + 1) : "");
      case Plan.Index index ->
          """
          SELECT e.document_id, e.ordinal, e.vector %s %s AS key
            FROM %s e%s
          %s
           ORDER BY (%s) %s %s
           LIMIT %s\
          """
              .formatted(
                  space.metric().operator(),
                  vector(),
                  space.embeddingTable(),
                  passing(),
                  conditions(notExcluded(), null),
                  space.precision().element("e.vector", space.dimensions()),
                  space.precision().operator(space.metric()),
                  "(SELECT " + space.precision().element(vector(), space.dimensions()) + ")",
                  index.candidates());
      case Plan.Fulltext _ -> throw new IllegalStateException("words have no distance");
    };
  }

  /// Each candidate of the index looks its document up by `document_pkey`. `OFFSET 0` keeps it so:
  /// else the planner may think that few documents match, and compare each of many with each
  /// candidate.
  private String passing() {
    Predicate predicate = query.predicate();
    if (predicate == null) {
      return "";
    }
    parameters.addAll(predicate.parameters());
    return """

    CROSS JOIN LATERAL (
          SELECT FROM %s d
           WHERE d.collection_id = %s AND d.id = e.document_id AND %s
          OFFSET 0) d\
    """
        .formatted(space.documentTable(), space.collectionId(), predicate.sql());
  }

  private String words() {
    return """
    SELECT c.document_id, c.ordinal, -ts_rank_cd(c.search, %s)::float8 AS key
      FROM %s c%s
    %s\
    """
        .formatted(
            words(query),
            space.chunkTable(),
            query.predicate() == null ? "" : documentOf("c"),
            conditions("c.search @@ " + words(query), filtered()));
  }

  private String words(Query query) {
    parameters.add(query.request().text());
    return "websearch_to_tsquery('" + query.language() + "', ?)";
  }

  private String fused() {
    Fusion fusion = query.request().hybrid();
    return """
    ,
    nearest AS (
         SELECT document_id, ordinal, row_number() OVER (ORDER BY key, document_id, ordinal) AS place
           FROM near
          ORDER BY place
          LIMIT %1$s
    ),
    worded AS (
         SELECT document_id, ordinal, row_number() OVER (ORDER BY key, document_id, ordinal) AS place
           FROM (%2$s) w
          ORDER BY place
          LIMIT %1$s
    ),
    ranked AS MATERIALIZED (
         SELECT document_id, ordinal,
                -(COALESCE(%3$s / (%5$s + n.place), 0) + COALESCE(%4$s / (%5$s + w.place), 0)) AS key
           FROM nearest n
           FULL JOIN worded w USING (document_id, ordinal)
    )\
    """
        .formatted(
            Math.max(fusion.depth(), query.depth()),
            words(),
            fusion.vector() + "::float8",
            fusion.fulltext() + "::float8",
            fusion.constant());
  }

  /// Whether it matters how many rows there were: the hits of a plain index search speak for
  /// themselves.
  private boolean counts() {
    return !(plan instanceof Plan.Index) || query.request().mode() != Mode.VECTOR;
  }

  /// How many rows were compared. Of an index search they are only its candidates.
  private static String counted(String rows) {
    return ",\nfound AS (SELECT count(*) AS rows FROM " + rows + ")";
  }

  private String best() {
    String unlessTooMany =
        plan instanceof Plan.Exact exact && exact.bounded()
            ? "WHERE (SELECT rows FROM found) <= " + exact.bound()
            : "";
    if (!query.grouped()) {
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
          .formatted(unlessTooMany, query.limit(), query.offset());
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
            unlessTooMany, query.limit(), query.offset(), members(), query.request().groupSize());
  }

  /// The index may have passed over some chunks of a document that it found; the key of the
  /// embeddings has all of them.
  private String members() {
    return query.request().mode() == Mode.VECTOR
        ? """
        SELECT e.ordinal, (e.vector %s %s) + 0 AS key
                FROM %s e
               WHERE e.document_id = g.document_id\
        """
            .formatted(space.metric().operator(), vector(), space.embeddingTable())
        : """
        SELECT r.ordinal, r.key
                FROM ranked r
               WHERE r.document_id = g.document_id\
        """;
  }

  /// Texts, vectors and highlights are fetched for the rows that are returned, and for no other.
  private String hits() {
    var columns = new StringBuilder();
    var joins = new StringBuilder();
    for (ReturnField field : query.request().select()) {
      columns.append(", ").append(field.column);
    }
    if (query.request().highlight()) {
      columns
          .append(", ts_headline('%s', c.text, ".formatted(query.language()))
          .append(words(query))
          .append(", 'StartSel=<mark>, StopSel=</mark>')");
    }
    if (query.request().highlight() || query.request().select().contains(ReturnField.TEXT)) {
      joins.append(
          "\n  JOIN %s c ON c.collection_id = %s AND c.document_id = b.document_id AND c.ordinal = b.ordinal"
              .formatted(space.chunkTable(), space.collectionId()));
    }
    if (query.request().select().contains(ReturnField.VECTOR)) {
      joins.append(
          "\n  JOIN %s v ON v.document_id = b.document_id AND v.ordinal = b.ordinal"
              .formatted(space.embeddingTable()));
    }
    String found =
        """
        best b
          JOIN %s d ON d.collection_id = %s AND d.id = b.document_id%s\
        """
            .formatted(space.documentTable(), space.collectionId(), joins);
    return """
    SELECT %s, d.external_id, b.ordinal, b.key%s
      FROM %s
     ORDER BY b.top, b.document_id, b.key, b.ordinal\
    """
        .formatted(
            counts() ? "f.rows" : "0::bigint",
            columns,
            counts() ? "found f\n  LEFT JOIN (" + found + ") ON true" : found);
  }

  private String documentOf(String chunk) {
    return "\n      JOIN %s d ON d.collection_id = %s AND d.id = %s.document_id"
        .formatted(space.documentTable(), space.collectionId(), chunk);
  }

  private @Nullable String filtered() {
    Predicate predicate = query.predicate();
    if (predicate == null) {
      return null;
    }
    parameters.addAll(predicate.parameters());
    return predicate.sql();
  }

  private @Nullable String notExcluded() {
    if (query.excluded() == null) {
      return null;
    }
    parameters.add(query.excluded());
    return "e.document_id <> ?";
  }

  private static String conditions(@Nullable String first, @Nullable String second) {
    if (first == null) {
      return second == null ? "" : "WHERE " + second;
    }
    return "WHERE " + first + (second == null ? "" : " AND " + second);
  }

  private String vector() {
    parameters.add(new PGvector(Objects.requireNonNull(query.vector())));
    return "?";
  }
}
