package stores;

import static dev.langchain4j.store.embedding.filter.MetadataFilterBuilder.metadataKey;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.filter.Filter;
import dev.langchain4j.store.embedding.pgvector.DefaultMetadataStorageConfig;
import dev.langchain4j.store.embedding.pgvector.MetadataStorageMode;
import dev.langchain4j.store.embedding.pgvector.PgVectorEmbeddingStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/// LangChain4j's store with a pool, and its metadata as `jsonb`.
final class LangChain4jStore implements Store {

  private final PgVectorEmbeddingStore store;

  LangChain4jStore(DataSource pool, String table, int dimensions) {
    this.store =
        PgVectorEmbeddingStore.datasourceBuilder()
            .datasource(pool)
            .table(table)
            .dimension(dimensions)
            .metadataStorageConfig(
                DefaultMetadataStorageConfig.builder()
                    .storageMode(MetadataStorageMode.COMBINED_JSONB)
                    .columnDefinitions(List.of("metadata JSONB NULL"))
                    .build())
            .build();
  }

  @Override
  public void add(List<Entry> entries) {
    store.addAll(
        store.generateIds(entries.size()),
        entries.stream().map(entry -> Embedding.from(entry.vector())).toList(),
        entries.stream()
            .map(entry -> {
              var metadata = new HashMap<String, Object>(entry.metadata());
              metadata.put("id", entry.id());
              return TextSegment.from(entry.text(), Metadata.from(metadata));
            })
            .toList());
  }

  @Override
  public List<Hit> search(float[] vector, int limit, Map<String, String> filter) {
    Filter all =
        filter.entrySet().stream()
            .map(field -> metadataKey(field.getKey()).isEqualTo(field.getValue()))
            .reduce((a, b) -> a.and(b))
            .orElse(null);
    return store
        .search(
            EmbeddingSearchRequest.builder()
                .queryEmbedding(Embedding.from(vector))
                .maxResults(limit)
                .filter(all)
                .build())
        .matches()
        .stream()
        .map(match -> {
          Map<String, Object> metadata = match.embedded().metadata().toMap();
          return new Hit(metadata.get("id"), match.score(), match.embedded().text(), metadata);
        })
        .toList();
  }
}
