package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.module.paramnames.ParameterNamesModule;
import com.pgvector.PGvector;
import dev.sheaf.embedding.HnswScan;
import dev.sheaf.embedding.IndexMethod;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Checks the plans that PostgreSQL uses for the tenth execution of a prepared statement, as
/// `auto_explain` reports them. PostgreSQL plans the first five executions with the parameters, and
/// later ones possibly without.
class SearchPlanIT {

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(new ParameterNamesModule())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private static final Space SPACE =
      new Space(1, 1, "none", 3, Metric.L2, Precision.HALF, VectorStorage.FULL, IndexMethod.HNSW);
  private static final SearchPlan.IndexScan INDEX =
      new SearchPlan.IndexScan(10, new HnswScan(100, 20_000, false));

  private static TestDatabase database;
  private static Connection connection;

  @BeforeAll
  static void fill() throws SQLException {
    database = TestDatabase.migrated();
    database.execute(
        """
        CREATE TABLE document_1 PARTITION OF document FOR VALUES IN (1);
        CREATE TABLE chunk_1 PARTITION OF chunk FOR VALUES IN (1);
        CREATE TABLE embedding_1 PARTITION OF embedding FOR VALUES IN (1);
        INSERT INTO collection (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'one');
        INSERT INTO embedding_space (id, collection_id, model, dimensions, metric, "precision")
             OVERRIDING SYSTEM VALUE VALUES (1, 1, 'none', 3, 'l2', 'half');
        UPDATE collection SET active_space_id = 1;
        INSERT INTO document (collection_id, id, external_id, content_hash, metadata)
             SELECT 1, md5(n::text)::uuid, 'd' || n, sha256(''),
                    jsonb_build_object('percent', n % 100, 'odd', n % 2 = 1, 'name', md5(n::text))
               FROM generate_series(1, 20000) n;
        INSERT INTO chunk (collection_id, document_id, ordinal, title, text, token_count, start_offset, end_offset)
             SELECT 1, md5(n::text)::uuid, 0, CASE WHEN n % 1000 = 7 THEN 'word7' END, 'word' || n % 500, 2, 0, 10
               FROM generate_series(1, 20000) n;
        INSERT INTO embedding (space_id, collection_id, document_id, ordinal, vector)
             SELECT 1, 1, md5(n::text)::uuid, 0, ARRAY[cos(n), sin(n), n / 20000.0]::vector
               FROM generate_series(1, 20000) n;
        CREATE INDEX embedding_1_hnsw ON embedding_1 USING hnsw ((vector::halfvec(3)) halfvec_l2_ops);
        CREATE INDEX document_1_metadata ON document_1 USING gin (metadata jsonb_path_ops);
        CREATE INDEX document_1_text_name ON document_1
            (left(CASE WHEN jsonb_typeof(metadata -> 'name') = 'string' THEN (metadata -> 'name') #>> '{}' END COLLATE "C", 600));
        ANALYZE;
        """);
    connection = database.connect();
    PGvector.registerTypes(connection);
    try (var statement = connection.createStatement()) {
      statement.execute(
          """
          LOAD 'auto_explain';
          SET auto_explain.log_min_duration = 0;
          SET auto_explain.log_level = notice;
          -- Parallel workers, as for large tables.
          SET min_parallel_table_scan_size = 0;
          SET parallel_setup_cost = 0;
          SET parallel_tuple_cost = 0;
          """);
    }
  }

  @AfterAll
  static void drop() throws SQLException {
    connection.close();
    database.close();
  }

  @Test
  void withoutFilter() throws Exception {
    assertThat(tenthPlan(query("{\"vector\":[1,0,0]}"), INDEX))
        .contains(
            "Index Scan using embedding_1_hnsw on embedding_1 e",
            "Index Scan using document_1_pkey on document_1 d",
            "Index Scan using chunk_1_pkey on chunk_1 c")
        .noneMatch(line -> line.contains("Seq Scan") || line.contains("JIT"));
  }

  /// The statements for the shards of a Citus cluster find what one statement finds. A server
  /// without shards is one shard.
  @Test
  void rankedByShards() throws Exception {
    String vector = "{\"vector\":[1,0,0],\"limit\":3,\"offset\":1";
    String words = "{\"text\":\"word7 word8\",\"limit\":4";
    SearchPlan exact = SearchPlan.ExactScan.UNBOUNDED;
    SearchPlan bounded = new SearchPlan.ExactScan(1_000);
    SearchPlan fulltext = new SearchPlan.FulltextScan();

    assertSameByShards(vector + "}", INDEX);
    assertSameByShards(vector + "}", exact);
    assertSameByShards(vector + ",\"filter\":{\"odd\":true}}", INDEX.iterating());
    assertSameByShards(vector + ",\"filter\":{\"percent\":7}}", bounded);
    assertSameByShards(vector + ",\"filter\":{\"odd\":true}}", bounded);
    assertSameByShards(vector + ",\"groupBy\":\"document\"}", exact);
    assertSameByShards(vector + ",\"groupBy\":\"document\"}", INDEX);
    assertSameByShards(vector + ",\"expand\":{\"before\":1,\"after\":1}}", exact);
    for (String match : List.of("any", "all", "query")) {
      String matching = ",\"match\":\"" + match + "\"";
      String weighted = ",\"weights\":{\"title\":3},\"mode\":\"fulltext\",\"explain\":true}";
      assertSameByShards(words + matching + weighted, fulltext);
      assertSameByShards(words + matching + ",\"mode\":\"fulltext\"}", fulltext);
      assertSameByShards(
          words + matching + ",\"mode\":\"fulltext\",\"filter\":{\"odd\":true}}", fulltext);
      assertSameByShards(
          words + matching + ",\"mode\":\"fulltext\",\"groupBy\":\"document\"}", fulltext);
      assertSameByShards(
          words + matching + ",\"vector\":[1,0,0],\"mode\":\"hybrid\",\"explain\":true}", exact);
      assertSameByShards(
          words
              + matching
              + ",\"vector\":[1,0,0],\"mode\":\"hybrid\",\"hybrid\":{\"constant\":60,\"depth\":20}}",
          INDEX);
    }
  }

  private static void assertSameByShards(String json, SearchPlan plan) throws Exception {
    Query query = query(json);
    var sql = new SearchSql(query, plan);
    connection.setAutoCommit(false);
    SearchExecution.ExecutionResult expected =
        SearchExecution.execute(connection, query, sql, 100_000);
    connection.commit();
    connection.setAutoCommit(true);
    SearchExecution.ExecutionResult found = new ShardedSearch(query, sql, 100_000).run(connection);

    assertThat(found.hits()).as(json).isEqualTo(expected.hits());
    assertThat(found.exact()).as(json).isEqualTo(expected.exact());
    assertThat(found.more()).as(json).isEqualTo(expected.more());
    if (!(plan instanceof SearchPlan.IndexScan)) {
      assertThat(found.rows() > 1_000).as(json).isEqualTo(expected.rows() > 1_000);
    }
  }

  @Test
  void filterThatManyMatch() throws Exception {
    assertThat(
            tenthPlan(query("{\"vector\":[1,0,0],\"filter\":{\"odd\":true}}"), INDEX.iterating()))
        .contains(
            "Index Scan using embedding_1_hnsw on embedding_1 e",
            "Index Scan using document_1_pkey on document_1 d_1")
        .noneMatch(line -> line.contains("Seq Scan") || line.contains("JIT"));
  }

  @Test
  void filterThatFewMatch() throws Exception {
    assertThat(
            tenthPlan(
                query("{\"vector\":[1,0,0],\"filter\":{\"percent\":7}}"),
                new SearchPlan.ExactScan(1_000)))
        .contains("Bitmap Index Scan on document_1_metadata")
        .noneMatch(line -> line.contains("Seq Scan on document"))
        .noneMatch(line -> line.contains("Gather") || line.contains("JIT"));
  }

  @Test
  void filterOnTheOrderOfATextField() throws Exception {
    assertThat(
            tenthPlan(
                query(
                    "{\"vector\":[1,0,0],\"filter\":{\"name\":{\"$gte\":\"00\",\"$lt\":\"01\"}}}"),
                new SearchPlan.ExactScan(1_000)))
        .anyMatch(line -> line.contains("document_1_text_name"))
        .noneMatch(line -> line.contains("Seq Scan on document") || line.contains("JIT"));
  }

  @Test
  void fulltext() throws Exception {
    assertThat(
            tenthPlan(
                query("{\"text\":\"word7\",\"mode\":\"fulltext\"}"), new SearchPlan.FulltextScan()))
        .anyMatch(line -> line.startsWith("Bitmap Index Scan on chunk_1_search"))
        .noneMatch(line -> line.contains("Seq Scan") || line.contains("JIT"));
  }

  @Test
  void hybrid() throws Exception {
    assertThat(
            tenthPlan(query("{\"text\":\"word7\",\"mode\":\"hybrid\",\"vector\":[1,0,0]}"), INDEX))
        .contains("Index Scan using embedding_1_hnsw on embedding_1 e")
        .anyMatch(line -> line.startsWith("Bitmap Index Scan on chunk_1_search"))
        .noneMatch(line -> line.contains("Seq Scan") || line.contains("JIT"));
  }

  @Test
  void wordsAreFoundInTheIndexHoweverManyThereAre() throws Exception {
    for (String filter : List.of("", ",\"filter\":{\"odd\":true}")) {
      List<String> plan =
          tenthPlan(
              query(
                  "{\"text\":\"word7 word8 many\",\"mode\":\"fulltext\",\"match\":\"any\"%s}"
                      .formatted(filter)),
              new SearchPlan.FulltextScan());
      assertThat(plan)
          .filteredOn(line -> line.startsWith("Bitmap Index Scan on chunk_1_search"))
          .hasSize(3);
      assertThat(plan)
          .noneMatch(line -> line.contains("Seq Scan on chunk"))
          .noneMatch(line -> line.contains("Gather") || line.contains("JIT"));
    }
  }

  private static Query query(String json) throws Exception {
    SearchRequest request = JSON.readValue(json, SearchRequest.class);
    return new Query(
        request,
        SPACE,
        request.vector(),
        request.filter().equals(Filter.EVERYTHING) ? null : FilterSql.of(request.filter()),
        List.of(),
        "english",
        words(request));
  }

  /// The word `many` is too frequent for all of its chunks to be ranked.
  private static SearchWords words(SearchRequest request) {
    if (request.text() == null || request.match() == WordMatch.QUERY) {
      return SearchWords.NONE;
    }
    return new SearchWords(
        Stream.of(request.text().split(" "))
            .map(word -> new SearchWords.Word(word, word.equals("many") ? 20_000 : 40, 1))
            .toList(),
        0,
        20_000,
        2,
        null,
        null,
        Bm25.DEFAULT);
  }

  /// The nodes of the plan at the tenth execution, without their costs.
  private static List<String> tenthPlan(Query query, SearchPlan plan) throws SQLException {
    var nodes = new ArrayList<String>();
    for (int execution = 1; execution <= 10; execution++) {
      var sql = new SearchSql(query, plan);
      try (PreparedStatement statement = connection.prepareStatement(sql.text().statements())) {
        int index = 1;
        for (Object parameter : sql.parameters(10_000)) {
          statement.setObject(index++, parameter);
        }
        statement.execute();
        if (execution == 10) {
          for (SQLWarning notice = statement.getWarnings();
              notice != null;
              notice = notice.getNextWarning()) {
            // The plan of the search statement comes after that of the settings statement.
            nodes.clear();
            String.valueOf(notice.getMessage())
                .lines()
                .map(
                    line -> line.strip().replaceFirst("^-> +", "").replaceFirst(" +\\(cost=.*", ""))
                .forEach(nodes::add);
          }
        }
      }
    }
    return nodes;
  }
}
