package stores;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.filter.FilterExpressionBuilder;
import org.springframework.ai.vectorstore.filter.FilterExpressionBuilder.Op;
import org.springframework.ai.vectorstore.pgvector.PgVectorStore;
import org.springframework.ai.vectorstore.pgvector.PgVectorStore.PgDistanceType;
import org.springframework.ai.vectorstore.pgvector.PgVectorStore.PgIndexType;
import org.springframework.jdbc.core.JdbcTemplate;

/// Spring AI's store with a pool. It takes texts only, which a model embeds; here that model gives
/// the vectors of the request, so that no store pays for embedding.
final class SpringAiStore implements Store {

  private final Given given = new Given();
  private final PgVectorStore store;

  SpringAiStore(DataSource pool, String table, int dimensions) {
    this.store =
        PgVectorStore.builder(new JdbcTemplate(pool), given)
            .vectorTableName(table)
            .dimensions(dimensions)
            .distanceType(PgDistanceType.COSINE_DISTANCE)
            .indexType(PgIndexType.NONE)
            .initializeSchema(true)
            .build();
    store.afterPropertiesSet();
  }

  @Override
  public void add(List<Entry> entries) {
    var vectors = new HashMap<String, float[]>();
    entries.forEach(entry -> vectors.put(entry.text(), entry.vector()));
    given.vectors.set(vectors);
    store.add(
        entries.stream()
            .map(entry -> {
              var metadata = new HashMap<String, Object>(entry.metadata());
              metadata.put("id", entry.id());
              return Document.builder().text(entry.text()).metadata(metadata).build();
            })
            .toList());
  }

  @Override
  public List<Hit> search(float[] vector, int limit, Map<String, String> filter) {
    given.vectors.set(Map.of("query", vector));
    var request = SearchRequest.builder().query("query").topK(limit).similarityThresholdAll();
    var builder = new FilterExpressionBuilder();
    filter.entrySet().stream()
        .map(field -> builder.eq(field.getKey(), field.getValue()))
        .reduce(builder::and)
        .map(Op::build)
        .ifPresent(request::filterExpression);
    return store.similaritySearch(request.build()).stream()
        .map(document ->
            new Hit(
                document.getMetadata().get("id"),
                document.getScore(),
                document.getText(),
                document.getMetadata()))
        .toList();
  }

  private static final class Given implements EmbeddingModel {

    private final ThreadLocal<Map<String, float[]>> vectors = new ThreadLocal<>();

    @Override
    public EmbeddingResponse call(EmbeddingRequest request) {
      List<String> texts = request.getInstructions();
      return new EmbeddingResponse(
          IntStream.range(0, texts.size())
              .mapToObj(i -> new Embedding(vectors.get().get(texts.get(i)), i))
              .toList());
    }

    @Override
    public float[] embed(Document document) {
      return vectors.get().get(document.getText());
    }
  }
}
