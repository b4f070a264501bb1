package dev.sheaf.document;

import dev.sheaf.audit.AuditAction;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.document.PutResult.Status;
import dev.sheaf.embedding.Embedding;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import dev.sheaf.limits.LimitConcurrency;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.telemetry.Spans;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.Session;
import org.jspecify.annotations.Nullable;

/// The documents of a collection: put, read, list, delete.
@ApplicationScoped
public class DocumentService {

  private final CollectionService collections;
  private final DocumentTable table;
  private final FilteredDocuments filtered;
  private final EmbeddingModels models;
  private final Chunkers chunkers;
  private final AuditTrail audit;
  private final DocumentMeters meters;
  private final Spans spans;

  DocumentService(
      CollectionService collections,
      DocumentTable table,
      FilteredDocuments filtered,
      EmbeddingModels models,
      Chunkers chunkers,
      AuditTrail audit,
      DocumentMeters meters,
      Spans spans) {
    this.collections = collections;
    this.table = table;
    this.filtered = filtered;
    this.models = models;
    this.chunkers = chunkers;
    this.audit = audit;
    this.meters = meters;
    this.spans = spans;
  }

  /// Stores a document: creates it, replaces what differs, or finds that nothing does. Embedding
  /// happens outside of the transaction, so that no connection waits for the model; all rows are
  /// written in one, so that nobody ever sees half a document.
  ///
  /// @throws Problem when the collection does not exist, the id is not valid, the model does not
  ///   take the text, or too many others write
  @LimitConcurrency(WorkKind.WRITE)
  public PutResult put(String collection, String externalId, DocumentContent content) {
    PutResult result = store(collection, externalId, content);
    meters.count(collection, result.status().value(), 1);
    return result;
  }

  private PutResult store(String collection, String externalId, DocumentContent content) {
    Space space = collections.activeSpace(collection);
    EmbeddingModel model = models.forSpace(space);
    var preparation = new DocumentPreparer(space, model, chunkers.forModel(model));
    DocumentTable.Row row = preparation.row(externalId, content);

    Optional<Integer> chunks = QuarkusTransaction.requiringNew().call(() -> table.same(row));
    if (chunks.isPresent()) {
      return new PutResult(externalId, Status.UNCHANGED, chunks.get());
    }
    chunks = QuarkusTransaction.requiringNew().call(() -> table.updateFields(row));
    if (chunks.isPresent()) {
      return new PutResult(externalId, Status.UPDATED, chunks.get());
    }

    PreparedDocument draft = preparation.draft(row, content);
    preparation.embed(List.of(draft));
    boolean created =
        spans.sql(
            "write document",
            space.documentTable(),
            () -> QuarkusTransaction.requiringNew().call(() -> write(collection, space, draft)));
    return new PutResult(
        externalId, created ? Status.CREATED : Status.UPDATED, draft.split().size());
  }

  private boolean write(String collection, Space space, PreparedDocument draft) {
    if (!table.holdCollection(space)) {
      throw CollectionService.notFound(collection);
    }
    DocumentTable.Row row = draft.row();
    table.upsert(row);
    // Every document has a chunk, so one without any is new.
    boolean created = Chunk.deleteOf(row.collectionId(), row.id()) == 0;
    for (TextChunk part : draft.split()) {
      chunk(row, draft.stored(part)).persist();
    }
    for (TextChunk part : draft.split()) {
      var embedding = new Embedding();
      embedding.spaceId = space.id();
      embedding.collectionId = row.collectionId();
      embedding.documentId = row.id();
      embedding.ordinal = part.ordinal();
      embedding.vector = draft.vectors()[part.ordinal()];
      embedding.persist();
    }
    return created;
  }

  private static Chunk chunk(DocumentTable.Row row, TextChunk stored) {
    var chunk = new Chunk();
    chunk.collectionId = row.collectionId();
    chunk.documentId = row.id();
    chunk.ordinal = stored.ordinal();
    chunk.tokenCount = stored.tokenCount();
    chunk.startOffset = stored.startOffset();
    chunk.endOffset = stored.endOffset();
    chunk.text = stored.text();
    return chunk;
  }

  /// One document with its text, both as of one moment.
  ///
  /// @throws Problem when the collection or the document does not exist
  @LimitConcurrency(WorkKind.READ)
  public DocumentView get(String collection, String externalId) {
    long collectionId = collections.activeSpace(collection).collectionId();
    UUID id = DocumentId.of(collectionId, externalId);
    return QuarkusTransaction.requiringNew()
        .call(() -> {
          table.seeOneMoment();
          Document document = Document.findById(new Document.Key(collectionId, id));
          if (document == null) {
            throw notFound(collection, externalId);
          }
          List<Chunk> chunks = Chunk.of(collectionId, id);
          String text =
              Chunk.text(
                  chunks.stream().map(chunk -> chunk.text).toList(),
                  chunks.stream().map(chunk -> chunk.startOffset).toList());
          return DocumentView.of(document, text, chunks.size());
        });
  }

  /// A page of documents, without their texts, in an order that does not change while documents
  /// come and go.
  ///
  /// @param after the `next` of the page before, or null for the first
  /// @param counted whether to count those of all pages
  @LimitConcurrency(WorkKind.READ)
  public DocumentPage list(
      String collection, Filter filter, int limit, @Nullable String after, boolean counted)
      throws SQLException {
    Space space = collections.activeSpace(collection);
    Cursor start = Cursor.parse(after);
    return collections.onPartitions(
        collection,
        space,
        () -> {
          FilteredDocuments.Page page = filtered.page(space, filter, start, limit);
          return new DocumentPage(
              page.documents(),
              page.documents().size() < limit ? null : page.end().toString(),
              counted ? Long.valueOf(filtered.count(space, filter)) : null);
        });
  }

  /// Deletes the documents that meet a filter, all of them or none.
  ///
  /// @return how many they were
  /// @throws Problem when the collection does not exist
  @LimitConcurrency(WorkKind.WRITE)
  public long delete(String collection, Filter filter) throws SQLException {
    Space space = collections.activeSpace(collection);
    long deleted =
        collections.onPartitions(
            collection, space, () -> filtered.delete(space, collection, filter));
    meters.count(collection, "deleted", deleted);
    return deleted;
  }

  /// Changes what is not embedded of a document.
  ///
  /// @return the document as it is then, without its text
  /// @throws Problem when the collection or the document does not exist
  @LimitConcurrency(WorkKind.WRITE)
  DocumentView update(String collection, String externalId, UpdateDocument update) {
    long collectionId = collections.activeSpace(collection).collectionId();
    UUID id = DocumentId.of(collectionId, externalId);
    return QuarkusTransaction.requiringNew()
        .call(() ->
            table
                .update(collectionId, id, update)
                .map(row -> DocumentView.of(row, null, null))
                .orElseThrow(() -> notFound(collection, externalId)));
  }

  /// The chunks of a document.
  ///
  /// @throws Problem when the collection or the document does not exist
  @LimitConcurrency(WorkKind.READ)
  public List<ChunkView> chunks(String collection, String externalId) {
    long collectionId = collections.activeSpace(collection).collectionId();
    List<Chunk> chunks =
        QuarkusTransaction.joiningExisting()
            .call(() -> Chunk.of(collectionId, DocumentId.of(collectionId, externalId)));
    // Every document has a chunk.
    if (chunks.isEmpty()) {
      throw notFound(collection, externalId);
    }
    return chunks.stream().map(ChunkView::of).toList();
  }

  /// Deletes a document with its chunks and their embeddings.
  ///
  /// @throws Problem when the collection or the document does not exist
  @LimitConcurrency(WorkKind.WRITE)
  public void delete(String collection, String externalId) {
    long collectionId = collections.activeSpace(collection).collectionId();
    UUID id = DocumentId.of(collectionId, externalId);
    QuarkusTransaction.requiringNew()
        .run(() -> {
          if (Document.delete("collectionId = ?1 AND id = ?2", collectionId, id) == 0) {
            throw notFound(collection, externalId);
          }
          String object = collection + "/" + externalId;
          Document.getEntityManager()
              .unwrap(Session.class)
              .doWork(connection ->
                  audit.record(connection, AuditAction.DOCUMENT_DELETED, object, Map.of()));
        });
    meters.count(collection, "deleted", 1);
  }

  private static Problem notFound(String collection, String externalId) {
    return new Problem(
        ProblemType.DOCUMENT_NOT_FOUND,
        "there is no document " + externalId + " in collection " + collection);
  }
}
