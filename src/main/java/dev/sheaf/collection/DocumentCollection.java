package dev.sheaf.collection;

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

/// Documents that are searched together, as stored.
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

  static Optional<DocumentCollection> named(String name) {
    return find("name", name).firstResultOptional();
  }

  /// As it is once nobody else changes it any more, for the transaction to change it.
  static Optional<DocumentCollection> locked(String name) {
    return find("name", name).withLock(LockModeType.PESSIMISTIC_WRITE).firstResultOptional();
  }
}
