package dev.sheaf.document;

import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorUserType;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.MappedSuperclass;
import java.util.List;
import java.util.UUID;
import org.hibernate.annotations.Type;
import org.jspecify.annotations.Nullable;

/// The vector of one chunk in one space. Spaces store vectors in two tables, and each has its
/// entity: [FullEmbedding] and [HalfEmbedding].
@MappedSuperclass
@IdClass(Embedding.EmbeddingKey.class)
public abstract class Embedding extends PanacheEntityBase {

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
    Space space = document.space();
    return FullEmbedding.getEntityManager()
        .createQuery(
            """
            from %s
             where spaceId = constant(:space) and documentId = :document
             order by ordinal
            """
                .formatted(entity(space)),
            Embedding.class)
        .setParameter("space", space.id())
        .setParameter("document", document.id)
        .getResultList();
  }

  /// The name in HQL of the entity for the embeddings of a space.
  public static String entity(Space space) {
    return switch (space.storage()) {
      case FULL -> FullEmbedding.NAME;
      case HALF -> HalfEmbedding.NAME;
    };
  }

  /// The mean of the embeddings of a document in a space.
  ///
  /// @return `null` if the document does not exist
  public static float @Nullable [] mean(Space space, UUID documentId) {
    return FullEmbedding.getEntityManager()
        .createQuery(
            """
            select mean(e.vector)
              from %s e
             where e.spaceId = constant(:space) and e.documentId = :document
            """
                .formatted(entity(space)),
            float[].class)
        .setParameter("space", space.id())
        .setParameter("document", documentId)
        .getSingleResultOrNull();
  }
}
