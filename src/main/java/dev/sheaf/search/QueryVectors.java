package dev.sheaf.search;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.pgvector.PGvector;
import dev.sheaf.embedding.EmbeddingModel.Role;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

/// The vectors that are searched for, of texts and of what is stored.
@ApplicationScoped
class QueryVectors {

  private final EmbeddingModels models;
  private final AgroalDataSource dataSource;
  private final Cache<Text, float[]> embedded;

  /// What a vector depends on.
  ///
  /// @param digest the SHA-256 of the text, which may be long
  private record Text(String model, int dimensions, String digest) {

    static Text of(Space space, String text) {
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return new Text(space.model(), space.dimensions(), HexFormat.of().formatHex(digest));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  QueryVectors(EmbeddingModels models, AgroalDataSource dataSource, SearchConfig config) {
    this.models = models;
    this.dataSource = dataSource;
    this.embedded = Caffeine.newBuilder().maximumSize(config.cachedQueries()).build();
  }

  /// The vector of a text, of the last few thousand without embedding it again. Not to be changed.
  ///
  /// @throws Problem when the collection has no model
  float[] of(Space space, String text) {
    Text key = Text.of(space, text);
    float[] vector = embedded.getIfPresent(key);
    if (vector == null) {
      vector = models.forSpace(space).embed(List.of(text), Role.QUERY).getFirst();
      embedded.put(key, VectorValidator.check("vector", vector, space));
    }
    return vector;
  }

  /// The vector of a stored chunk, or the mean of those of a document.
  ///
  /// @param document the id of `like.document()`
  /// @throws Problem when there is no such chunk
  float[] stored(Space space, String collection, SimilarTo like, UUID document)
      throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                "SELECT avg(vector) FROM %s WHERE document_id = ?%s"
                    .formatted(
                        space.embeddingTable(),
                        like.ordinal() == null ? "" : " AND ordinal = ?"))) {
      select.setObject(1, document);
      if (like.ordinal() != null) {
        select.setInt(2, like.ordinal());
      }
      try (ResultSet row = select.executeQuery()) {
        row.next();
        if (row.getObject(1) instanceof PGvector mean) {
          return VectorValidator.check("like", mean.toArray(), space);
        }
      }
    }
    throw new Problem(
        ProblemType.DOCUMENT_NOT_FOUND,
        "like: there is no %s in collection %s"
            .formatted(
                like.ordinal() == null
                    ? "document " + like.document()
                    : "chunk %s of document %s".formatted(like.ordinal(), like.document()),
                collection));
  }
}
