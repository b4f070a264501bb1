package dev.sheaf.search;

import dev.sheaf.collection.Collections;
import dev.sheaf.embedding.EmbeddingModel.Role;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.GivenVector;
import dev.sheaf.embedding.Space;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Searches of collections.
@ApplicationScoped
public class Searches {

  private static final String UNDEFINED_TABLE = "42P01";

  private final Collections collections;
  private final EmbeddingModels models;
  private final VectorSearch vectorSearch;

  /// Where the vectors of a collection are. Whether that is still so, its tables say: they are gone
  /// when it is not.
  private final ConcurrentMap<String, Space> spaces = new ConcurrentHashMap<>();

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
      result = search(known(collection), request);
    } catch (SQLException e) {
      if (!UNDEFINED_TABLE.equals(e.getSQLState())) {
        throw e;
      }
      // The collection was dropped, and there may be a new one of the same name.
      spaces.remove(collection);
      result = search(known(collection), request);
    }
    return new SearchResponse(
        result.hits(),
        result.strategy(),
        result.strategy() == Strategy.EXACT,
        Math.round((System.nanoTime() - start) / 1e3) / 1e3);
  }

  private Space known(String collection) {
    Space space = spaces.get(collection);
    if (space == null) {
      space = collections.activeSpace(collection);
      spaces.put(collection, space);
    }
    return space;
  }

  private VectorSearch.Result search(Space space, SearchRequest request) throws SQLException {
    float[] vector = request.vector();
    if (vector == null) {
      vector = models.forSpace(space).embed(List.of(request.text()), Role.QUERY).getFirst();
    }
    return vectorSearch.search(space, GivenVector.check("vector", vector, space), request.limit());
  }
}
