package dev.sheaf.search;

import dev.sheaf.database.Cancellation;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.database.Replicas;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.FieldSql;
import dev.sheaf.filter.FilterSql;
import dev.sheaf.search.FacetCounts.RangeCount;
import dev.sheaf.search.FacetCounts.Total;
import dev.sheaf.search.FacetCounts.ValueCount;
import dev.sheaf.telemetry.Spans;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// Counts what a search matches: all documents that match its filter, and in a full-text search
/// those of them with a chunk that contains the words. The counts are exact, however many chunks
/// the search ranked.
@Singleton
class MatchCounter {

  /// Longer values are counted but not returned.
  private static final int MAX_VALUE_BYTES = 500;

  private final Replicas replicas;
  private final Spans spans;

  MatchCounter(Replicas replicas, Spans spans) {
    this.replicas = replicas;
    this.spans = spans;
  }

  /// What was counted.
  ///
  /// @param facets by the names of the request; absent if it has none
  record MatchCounts(@Nullable Map<String, FacetCounts> facets, @Nullable Total total) {
    static final MatchCounts NONE = new MatchCounts(null, null);
  }

  /// The memory that the counts of a search need, in bytes.
  static long memory(SearchRequest request) {
    return request.facets().values().stream()
        .mapToLong(facet -> (long) facet.limit() * MAX_VALUE_BYTES * SearchMemory.COST)
        .sum();
  }

  /// Counts in one statement.
  ///
  /// @param timeout of the statement, in milliseconds
  /// @throws SQLException with state `42P01` if the collection was dropped, `57014` if the
  ///   statement timed out
  MatchCounts count(Query query, long timeout) throws SQLException {
    SearchRequest request = query.request();
    if (request.facets().isEmpty() && !request.total()) {
      return MatchCounts.NONE;
    }
    return spans.sql(
        "count matches",
        query.space().documentTable(),
        () -> new Statement(query).run(replicas, timeout));
  }

  /// The statement of one search. Each facet is a part of it with the rows `facet, value,
  /// documents, number`.
  private static final class Statement {

    private final Query query;
    private final SearchRequest request;
    private final Space space;
    private final List<Object> parameters = new ArrayList<>();
    private final boolean byWords;

    Statement(Query query) {
      this.query = query;
      this.request = query.request();
      this.space = query.space();
      this.byWords = request.mode() == Mode.FULLTEXT;
    }

    MatchCounts run(Replicas replicas, long timeout) throws SQLException {
      Cancellation.check();
      // The best plan depends on the filter and the words.
      String statements =
          "SELECT set_config('statement_timeout', ?, true), set_config('jit', 'off', true),"
              + " set_config('plan_cache_mode', 'force_custom_plan', true);\n"
              + text();
      try (Connection connection = replicas.getConnection();
          PreparedStatement statement = connection.prepareStatement(statements)) {
        NetworkTimeouts.allow(connection, NetworkTimeouts.GRACE.plusMillis(timeout));
        statement.setString(1, Long.toString(timeout));
        for (int i = 0; i < parameters.size(); i++) {
          statement.setObject(i + 2, parameters.get(i));
        }
        statement.execute();
        statement.getMoreResults();
        try (ResultSet row = statement.getResultSet()) {
          return read(row);
        }
      }
    }

    private String text() {
      String words =
          byWords
              ? """
              WITH matching AS MATERIALIZED (
                   SELECT c.document_id, count(*) AS chunks
                     FROM %s c
                    WHERE %s
                    GROUP BY c.document_id
              )
              """
                  .formatted(space.chunkTable(), wordCondition())
              : "";
      var parts = new StringJoiner("\nUNION ALL\n");
      if (request.total()) {
        parts.add(
            "(SELECT -1 AS facet, NULL AS value, count(*) AS documents, COALESCE(sum(m.chunks),"
                + " 0)::bigint AS number\n"
                + documents("")
                + ")");
      }
      int index = 0;
      for (Facet facet : request.facets().values()) {
        parts.add(facet.ranges().isEmpty() ? values(index, facet) : ranges(index, facet));
        index++;
      }
      return words + parts;
    }

    private String wordCondition() {
      String condition = query.words().condition();
      if (request.match() == WordMatch.QUERY && condition != null) {
        parameters.add(condition);
        return "c.search @@ ?::tsquery";
      }
      if (request.match() == WordMatch.QUERY) {
        parameters.add(Objects.requireNonNull(request.text()));
        return "c.search @@ websearch_to_tsquery('%s', ?)".formatted(query.language());
      }
      if (query.words().isEmpty()) {
        return "false";
      }
      List<SearchWords.Word> words = query.words().words();
      parameters.add(
          request.match() == WordMatch.ALL ? query.words().all() : SearchWords.any(words));
      return "c.search @@ ?::tsquery";
    }

    /// The matching documents `d`, with `extra` joined.
    private String documents(String extra) {
      String from =
          "  FROM %s d%s%s\n WHERE d.collection_id = %s"
              .formatted(
                  space.documentTable(),
                  byWords ? "\n  JOIN matching m ON m.document_id = d.id" : "",
                  extra,
                  space.collectionId());
      FilterSql predicate = query.predicate();
      if (predicate == null) {
        return from;
      }
      parameters.addAll(predicate.parameters());
      return from + " AND " + predicate.sql();
    }

    /// Equal numbers, such as 1 and 1.0, are one value, and the shortest stands for all.
    private String values(int index, Facet facet) {
      FieldSql field = FieldSql.of("field", facet.field());
      parameters.addAll(field.parameters());
      return """
      (SELECT %s, CASE WHEN octet_length(g.value) <= %s THEN g.value END, g.documents, g.number
         FROM (SELECT min(v.value::text COLLATE "C") AS value, count(*) AS documents, count(*) OVER () AS number
               %s
                GROUP BY v.value) g
        ORDER BY octet_length(g.value) > %s, g.documents DESC, g.value COLLATE "C"
        LIMIT %s)\
      """
          .formatted(
              index,
              MAX_VALUE_BYTES,
              documents(
                  """

                  CROSS JOIN LATERAL (SELECT %s AS value OFFSET 0) f
                  CROSS JOIN LATERAL (
                        SELECT DISTINCT e.value
                          FROM jsonb_path_query(f.value, '$[*]') e(value)
                         WHERE jsonb_typeof(e.value) NOT IN ('array', 'object')) v\
                  """
                      .formatted(field.sql())),
              MAX_VALUE_BYTES,
              facet.limit());
    }

    private String ranges(int index, Facet facet) {
      var counts = new StringJoiner(", ");
      for (Facet.Range range : facet.ranges()) {
        FilterSql condition = FilterSql.of(range.filter("ranges", facet.field()));
        parameters.addAll(condition.parameters());
        counts.add("count(*) FILTER (WHERE " + condition.sql() + ")");
      }
      return """
      (SELECT %s, NULL, r.documents, r.number
         FROM (SELECT ARRAY[%s] AS counts
               %s) c
        CROSS JOIN unnest(c.counts) WITH ORDINALITY r(documents, number)
        ORDER BY r.number)\
      """
          .formatted(index, counts, documents(""));
    }

    private MatchCounts read(ResultSet row) throws SQLException {
      Map<String, FacetCounts> facets = new LinkedHashMap<>();
      List<Facet> asked = List.copyOf(request.facets().values());
      request
          .facets()
          .forEach((name, facet) ->
              facets.put(
                  name,
                  facet.ranges().isEmpty()
                      ? new FacetCounts(new ArrayList<>(), 0L, null)
                      : new FacetCounts(null, null, new ArrayList<>())));
      List<String> names = List.copyOf(request.facets().keySet());
      Total total = null;
      while (row.next()) {
        int index = row.getInt(1);
        String value = row.getString(2);
        long documents = row.getLong(3);
        long number = row.getLong(4);
        if (index < 0) {
          total = new Total(documents, number);
          continue;
        }
        FacetCounts counts = Objects.requireNonNull(facets.get(names.get(index)));
        if (counts.ranges() != null) {
          Facet.Range range = asked.get(index).ranges().get(counts.ranges().size());
          counts.ranges().add(new RangeCount(range.from(), range.to(), documents));
        } else {
          List<ValueCount> values = Objects.requireNonNull(counts.values());
          if (value != null) {
            values.add(new ValueCount(value, documents));
          }
          facets.put(names.get(index), new FacetCounts(values, number, null));
        }
      }
      return new MatchCounts(facets.isEmpty() ? null : facets, total);
    }
  }
}
