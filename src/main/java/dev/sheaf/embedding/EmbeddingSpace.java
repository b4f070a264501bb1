package dev.sheaf.embedding;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.Generated;
import org.jspecify.annotations.Nullable;

/// The entity of a [Space]: all embeddings of one collection by one model.
@Entity
@Table(name = "embedding_space")
public class EmbeddingSpace extends PanacheEntityBase {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  public Long id;

  @Column(name = "collection_id")
  public long collectionId;

  @Column public String model;

  @Column public int dimensions;

  @Enumerated(EnumType.STRING)
  @Column
  public Metric metric;

  @Enumerated(EnumType.STRING)
  @Column
  public Precision precision;

  @Enumerated(EnumType.STRING)
  @Column
  public VectorStorage storage;

  @Enumerated(EnumType.STRING)
  @Column(name = "index_method")
  public IndexMethod indexMethod;

  @Column(name = "held_recall")
  public @Nullable Double heldRecall;

  @Column(name = "held_ef_search")
  public @Nullable Integer heldEfSearch;

  @Column(name = "held_within")
  public @Nullable Integer heldWithin;

  @Generated
  @Column(name = "created_at", insertable = false, updatable = false)
  public Instant createdAt;

  public Space toSpace() {
    return new Space(id, collectionId, model, dimensions, metric, precision, storage, indexMethod);
  }

  /// How the declared recall is held; `null` until this was decided.
  public @Nullable HeldRecall held() {
    return HeldRecall.of(heldRecall, heldEfSearch, heldWithin);
  }
}
