package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import com.pgvector.PGvector;
import dev.sheaf.database.Replicas;
import dev.sheaf.document.DocumentId;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModel.Purpose;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.TextValidator;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.Caches;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// Provides the query vectors of searches: embeds texts, and reads the vectors of stored documents.
@Singleton
class QueryVectors {

  private final EmbeddingModels models;
  private final Replicas replicas;
  private final Cache<CacheKey, float[]> cache;

  /// Everything on which the vector of a text depends.
  ///
  /// @param digest the SHA-256 of the text, because texts may be long
  private record CacheKey(String model, int dimensions, String digest) {

    static CacheKey of(Space space, String text) {
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return new CacheKey(space.model(), space.dimensions(), HexFormat.of().formatHex(digest));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  QueryVectors(EmbeddingModels models, Replicas replicas, SearchConfig config) {
    this.models = models;
    this.replicas = replicas;
    this.cache = Caches.ofAtMost(config.cachedQueries()).build();
  }

  /// The vector of a text. The vectors of recent texts are cached, so callers must not change them.
  ///
  /// @throws Problem if the collection has no model, or its model cannot read the whole text
  float[] embed(Space space, String text) {
    CacheKey key = CacheKey.of(space, text);
    float[] vector = cache.getIfPresent(key);
    if (vector == null) {
      EmbeddingModel model = models.forSpace(space);
      if (model.embedsTexts()) {
        TextValidator.requireReadable("text", text, model);
      }
      vector = model.embed(List.of(text), Purpose.QUERY).getFirst();
      cache.put(key, vector);
    }
    return VectorValidator.check("vector", vector, space);
  }

  /// A warning if the model does not know the script of a text.
  Optional<String> scriptWarning(Space space, String text) {
    return TextValidator.scriptWarning(List.of(text), models.forSpace(space));
  }

  /// The vector of a stored chunk, or the mean of all vectors of a document.
  ///
  /// @param field of the request, for messages
  /// @throws Problem if there is no such chunk
  float[] storedVector(Space space, String collection, String field, SimilarTo like)
      throws SQLException {
    try (Connection connection = replicas.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                "SELECT avg(vector::vector) FROM %s WHERE document_id = ?%s"
                    .formatted(
                        space.embeddingTable(),
                        like.ordinal() == null ? "" : " AND ordinal = ?"))) {
      select.setObject(1, DocumentId.of(space.collectionId(), like.document()));
      if (like.ordinal() != null) {
        select.setInt(2, like.ordinal());
      }
      try (ResultSet row = select.executeQuery()) {
        row.next();
        if (row.getObject(1) instanceof PGvector mean) {
          return VectorValidator.check(field, mean.toArray(), space);
        }
      }
    }
    throw new Problem(
        ProblemType.DOCUMENT_NOT_FOUND,
        "There is no %s in collection %s for %s."
            .formatted(
                like.ordinal() == null
                    ? "document " + like.document()
                    : "chunk %s of document %s".formatted(like.ordinal(), like.document()),
                collection,
                field));
  }
}
