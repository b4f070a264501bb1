package dev.sheaf.search;

import dev.sheaf.collection.Collections;
import dev.sheaf.embedding.EmbeddingModel.Role;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.List;

/// Searches of collections.
@ApplicationScoped
public class Searches {

  private static final String UNDEFINED_TABLE = "42P01";

  private final Collections collections;
  private final EmbeddingModels models;
  private final VectorSearch vectorSearch;

  Searches(Collections collections, EmbeddingModels models, VectorSearch vectorSearch) {
    this.collections = collections;
    this.models = models;
    this.vectorSearch = vectorSearch;
  }

  /// Finds the nearest chunks.
  ///
  /// @throws dev.sheaf.api.Problem when the collection does not exist, or the vector does not fit
  ///   it
  public SearchResponse search(String collection, SearchRequest request) throws SQLException {
    long start = System.nanoTime();
    VectorSearch.Result result;
    try {
      result = search(collections.activeSpace(collection), request);
    } catch (SQLException e) {
      if (!UNDEFINED_TABLE.equals(e.getSQLState())) {
        throw e;
      }
      // Another replica dropped the collection, and may have made a new one of the same name.
      collections.forget(collection);
      result = search(collections.activeSpace(collection), request);
    }
    return new SearchResponse(
        result.hits(),
        result.strategy(),
        result.strategy() == Strategy.EXACT,
        Math.round((System.nanoTime() - start) / 1e3) / 1e3);
  }

  private VectorSearch.Result search(Space space, SearchRequest request) throws SQLException {
    float[] vector = request.vector();
    if (vector == null) {
      vector = models.forSpace(space).embed(List.of(request.text()), Role.QUERY).getFirst();
    }
    return vectorSearch.search(space, QueryVector.check(vector, space), request.limit());
  }
}
