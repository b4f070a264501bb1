package dev.sheaf.document;

import dev.sheaf.collection.DocumentCollection;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import io.quarkus.panache.common.Page;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.Session;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.query.SelectionQuery;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/// The entity of a document, without its chunks. The service stores and reads documents over HTTP
/// with [DocumentTable], in the partition of their collection.
@Entity
@DynamicUpdate
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

  /// A document by the ID that the client gave it.
  public static Optional<Document> named(DocumentCollection collection, String externalId) {
    return find(
            "collectionId = constant(?1) and id = ?2",
            collection.id,
            DocumentId.of(collection.id, externalId))
        .firstResultOptional();
  }

  /// A page of the documents that match a filter, ordered by [#id].
  public static List<Document> findByMetadata(
      DocumentCollection collection, Filter filter, Page page) {
    FilterSql condition = FilterSql.of(filter);
    Session session = getEntityManager().unwrap(Session.class);
    SelectionQuery<Document> query =
        // Hibernate remembers the text of other queries. Filters are too many for that.
        session.createQuery(
            session
                .getCriteriaBuilder()
                .createQuery(
                    """
                    select d
                      from Document d
                     where d.collectionId = constant(:collection) and %s
                     order by d.id
                    """
                        .formatted(condition.hql()),
                    Document.class));
    condition.bind(query::setParameter);
    return query
        .setParameter("collection", collection.id)
        .setFirstResult(page.index * page.size)
        .setMaxResults(page.size)
        .list();
  }

  /// Documents that are similar to this one, the most similar first: those with a chunk that is
  /// nearest to the mean of the embeddings of this document. Needs a transaction, as [NearestQuery]
  /// does.
  ///
  /// @param limit the number of documents to find, from 1 to 1000
  public List<SimilarDocument> similar(int limit) {
    return SimilarDocument.of(collection().active(), id, Filter.EVERYTHING, limit).orElseThrow();
  }

  /// The space that searches of the collection use.
  public Space space() {
    return collection().active().space();
  }

  private DocumentCollection collection() {
    return DocumentCollection.findById(collectionId);
  }

  /// The primary key of a document.
  ///
  /// @param id a [DocumentId]
  public record DocumentKey(long collectionId, UUID id) {}
}
