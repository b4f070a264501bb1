package dev.sheaf.document;

import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorUserType;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.Type;
import org.jspecify.annotations.Nullable;

/// The vector of one chunk in one space.
@Entity
@Table(name = "embedding")
@IdClass(Embedding.EmbeddingKey.class)
public class Embedding extends PanacheEntityBase {

  @Id
  @Column(name = "document_id")
  public UUID documentId;

  @Id @Column public int ordinal;

  @Id
  @Column(name = "space_id")
  public long spaceId;

  @Column(name = "collection_id")
  public long collectionId;

  /// `float[dimensions of the space]`
  @Type(VectorUserType.class)
  @Column
  public float[] vector;

  /// A chunk has one embedding in each space.
  public record EmbeddingKey(UUID documentId, int ordinal, long spaceId) {}

  /// A query for the embeddings of a space that are nearest to a vector.
  ///
  /// @param vector `float[dimensions of the space]`
  /// @param limit the number of chunks or documents to find, from 1 to 1000
  public static NearestQuery nearest(Space space, float[] vector, int limit) {
    return new NearestQuery(space, vector, limit);
  }

  /// The embeddings of a document, in the order of its chunks, in the space that searches use.
  public static List<Embedding> of(Document document) {
    return list(
        "spaceId = constant(?1) and documentId = ?2 order by ordinal",
        document.space().id(),
        document.id);
  }

  /// The mean of the embeddings of a document in a space.
  ///
  /// @return `null` if the document does not exist
  public static float @Nullable [] mean(Space space, UUID documentId) {
    return getEntityManager()
        .createQuery(
            """
            select mean(e.vector)
              from Embedding e
             where e.spaceId = constant(:space) and e.documentId = :document
            """,
            float[].class)
        .setParameter("space", space.id())
        .setParameter("document", documentId)
        .getSingleResultOrNull();
  }
}
