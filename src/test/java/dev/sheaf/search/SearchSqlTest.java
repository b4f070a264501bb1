package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
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
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SearchSqlTest {

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(new ParameterNamesModule())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private static final Space SPACE =
      new Space(1, 1, "none", 3, Metric.L2, Precision.BINARY, VectorStorage.FULL, IndexMethod.HNSW);
  private static final SearchPlan INDEX =
      new SearchPlan.IndexScan(10, new HnswScan(100, 20_000, true));

  private static final List<SearchPlan> PLANS =
      List.of(
          INDEX,
          new SearchPlan.IndexScan(10, new HnswScan(100, 20_000, false)),
          new SearchPlan.ExactScan(1_000),
          SearchPlan.ExactScan.UNBOUNDED,
          new SearchPlan.FulltextScan());

  private static final SearchWords.Word RARE = new SearchWords.Word("it's \\", 7, 9);
  private static final SearchWords.Word FREQUENT = new SearchWords.Word("tide", 50_000, 0.7);

  @Test
  void searchesOfOneShapeHaveTheSameText() throws Exception {
    var one = new SearchSql(query(new float[] {1, 0, 0}, "{'year': 1999}"), INDEX);
    var other = new SearchSql(query(new float[] {0, 1, 0}, "{'year': 2004}"), INDEX);

    assertThat(other.text()).isSameAs(one.text());
    assertThat(one.parameters(70)).contains("70", new PGvector(new float[] {1, 0, 0}));
    assertThat(other.parameters(7)).contains("7", new PGvector(new float[] {0, 1, 0}));
  }

  @Test
  void searchesOfDifferentShapesHaveDifferentTexts() throws Exception {
    List<String> texts = all().stream().map(sql -> sql.text().statements()).distinct().toList();

    assertThat(texts).hasSameSizeAs(all());
  }

  @Test
  void eachParameterHasAPlaceholder() throws Exception {
    assertThat(all())
        .allSatisfy(sql -> {
          String text = sql.text().statements();
          assertThat(text.chars().filter(character -> character == '?'))
              .as(text)
              .hasSameSizeAs(sql.parameters(1_000));
        });
  }

  @Test
  void wordsBecomeQueriesOfRareAndOfFrequentWords() throws Exception {
    SearchRequest request =
        JSON.readValue(
            "{\"text\":\"a\",\"mode\":\"fulltext\",\"match\":\"any\"}", SearchRequest.class);
    var moon = new SearchWords.Word("moon", 9_000, 1.9);
    var sea = new SearchWords.Word("sea", 8_000, 2);
    var sun = new SearchWords.Word("sun", 8_000, 2);
    var plan = new SearchPlan.FulltextScan();

    assertThat(
            new SearchSql(query(request, null, null, List.of(), FREQUENT, RARE), plan)
                .parameters(1))
        .contains("'it''s \\\\'", "'tide'", 0.7)
        .anySatisfy(words -> assertThat(words).isEqualTo(new String[] {"'it''s \\\\'", "'tide'"}));
    assertThat(
            new SearchSql(query(request, null, null, List.of(), moon, sun, sea), plan)
                .parameters(1))
        .contains("'sea' & ('sun' | 'moon') | 'sun' & ('moon')", "'sea' | 'sun' | 'moon'");
    assertThat(
            new SearchSql(query(request, null, null, List.of(), moon, sea, FREQUENT), plan)
                .parameters(1))
        .contains("'sea' & 'moon' & 'tide'", "'sea' | 'moon' | 'tide'");
    for (var words : List.of(List.of(RARE), List.of(FREQUENT), List.<SearchWords.Word>of())) {
      var sql =
          new SearchSql(
              query(request, null, null, List.of(), words.toArray(new SearchWords.Word[0])), plan);
      assertThat(sql.text().statements().chars().filter(character -> character == '?'))
          .hasSameSizeAs(sql.parameters(1));
    }
  }

  /// Searches of all modes, plans, selections and conditions that can be combined.
  private static List<SearchSql> all() throws JsonProcessingException {
    var all = new ArrayList<SearchSql>();
    for (String mode : List.of("vector", "fulltext", "hybrid")) {
      for (String options :
          List.of(
              "",
              ",'select':[]",
              ",'select':['vector','text','createdAt']",
              ",'highlight':true",
              ",'match':'all'",
              ",'hybrid':{'by':'rank'}",
              ",'match':'all','highlight':true",
              ",'match':'all','explain':true",
              ",'match':'any','weights':{'title':3},'explain':true",
              ",'match':'query','weights':{'title':3}",
              ",'hybrid':{'by':'rank'},'match':'query','explain':true",
              ",'match':'%s'".formatted(mode.equals("hybrid") ? "query" : "any"),
              ",'groupBy':'document','groupSize':3",
              ",'limit':5,'offset':7",
              ",'expand':{'before':2}",
              ",'boost':[{'field':'a.b','pivot':2},{'field':'$updated','halfLife':3}],'highlight':true",
              ",'filter':{'year':{'$gt':3},'name':'x'}")) {
        for (SearchPlan plan : PLANS) {
          for (List<UUID> excluded : List.of(List.<UUID>of(), List.of(new UUID(1, 2)))) {
            if ((mode.equals("vector") && options.contains("match"))
                || (!mode.equals("hybrid") && options.contains("hybrid"))) {
              continue;
            }
            boolean fulltext = plan instanceof SearchPlan.FulltextScan;
            if (fulltext == mode.equals("fulltext") && !(fulltext && !excluded.isEmpty())) {
              String json = "{'text':'tides','mode':'" + mode + "'" + options + "}";
              float[] vector = fulltext ? null : new float[] {1, 0, 0};
              all.add(new SearchSql(query(json, vector, excluded), plan));
            }
          }
        }
      }
    }
    return all;
  }

  private static Query query(float[] vector, String filter) throws JsonProcessingException {
    return query("{'text':'tides','filter':" + filter + "}", vector, List.of());
  }

  private static Query query(String json, float @Nullable [] vector, List<UUID> excluded)
      throws JsonProcessingException {
    SearchRequest request = JSON.readValue(json.replace('\'', '"'), SearchRequest.class);
    FilterSql filter =
        request.filter().equals(Filter.EVERYTHING) ? null : FilterSql.of(request.filter());
    return query(request, vector, filter, excluded, RARE, FREQUENT);
  }

  private static Query query(
      SearchRequest request,
      float @Nullable [] vector,
      @Nullable FilterSql filter,
      List<UUID> excluded,
      SearchWords.Word... words) {
    return new Query(
        request,
        SPACE,
        vector,
        filter,
        excluded,
        "english",
        new SearchWords(List.of(words), 0, 100_000, 30, null, null, Bm25.DEFAULT));
  }
}
