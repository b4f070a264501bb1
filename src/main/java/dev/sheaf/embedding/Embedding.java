package dev.sheaf.embedding;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

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
  @JdbcTypeCode(SqlTypes.VECTOR)
  @Column
  public float[] vector;

  /// A chunk has one embedding in each space.
  public record EmbeddingKey(UUID documentId, int ordinal, long spaceId) {}
}
