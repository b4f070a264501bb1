package dev.sheaf.document;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/// The entity of a document, without its chunks. The service reads and writes documents with
/// [DocumentTable], in the partition of their collection.
@Entity
@Immutable
@Table(name = "document")
@IdClass(Document.DocumentKey.class)
public class Document extends PanacheEntityBase {

  @Id
  @Column(name = "collection_id")
  public long collectionId;

  @Id @Column public UUID id;

  @Column(name = "external_id")
  public String externalId;

  @Column public @Nullable String title;

  @Column public @Nullable String uri;

  /// A JSON object as text.
  @JdbcTypeCode(SqlTypes.JSON)
  @Column
  public String metadata;

  @Column(name = "created_at")
  public Instant createdAt;

  @Column(name = "updated_at")
  public Instant updatedAt;

  /// The primary key of a document.
  ///
  /// @param id a [DocumentId]
  public record DocumentKey(long collectionId, UUID id) {}
}
