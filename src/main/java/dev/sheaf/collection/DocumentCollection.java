package dev.sheaf.collection;

import dev.sheaf.collection.CollectionService.ActiveSpace;
import dev.sheaf.embedding.EmbeddingSpace;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Optional;
import org.hibernate.annotations.Generated;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/// The entity of a collection: documents that are searched together.
@Entity
@Table(name = "collection")
public class DocumentCollection extends PanacheEntityBase {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  public Long id;

  @Column public String name;

  @Column public @Nullable String description;

  /// [CollectionSettings] as JSON.
  @JdbcTypeCode(SqlTypes.JSON)
  @Column
  public String settings;

  @Column(name = "active_space_id")
  public @Nullable Long activeSpaceId;

  @Generated
  @Column(name = "created_at", insertable = false, updatable = false)
  public Instant createdAt;

  public static Optional<DocumentCollection> findByName(String name) {
    return find("name", name).firstResultOptional();
  }

  /// Finds a collection and locks its row until the end of the transaction.
  static Optional<DocumentCollection> findByNameAndLock(String name) {
    return find("name", name).withLock(LockModeType.PESSIMISTIC_WRITE).firstResultOptional();
  }

  /// The space that searches of this collection use, with its settings.
  public ActiveSpace active() {
    return ActiveSpace.of(this, EmbeddingSpace.findById(activeSpaceId));
  }
}
