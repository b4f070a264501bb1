package dev.sheaf.document;

import dev.sheaf.audit.AuditAction;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionService.ActiveSpace;
import dev.sheaf.database.Replicas;
import dev.sheaf.database.Replicas.Reads;
import dev.sheaf.document.DocumentTable.Stored;
import dev.sheaf.document.PutResult.Status;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.TextValidator;
import dev.sheaf.filter.Filter;
import dev.sheaf.http.Preconditions;
import dev.sheaf.limits.LimitConcurrency;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.telemetry.Spans;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.Session;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// Stores, reads, lists, changes and deletes documents.
@ApplicationScoped
public class DocumentService {

  /// A text is in memory as a builder and as a string, each with up to two bytes for a character.
  private static final int TEXT_BYTES_PER_CHARACTER = 4;

  /// The texts of chunks are in memory as bytes of the result and as strings, and a chunk of the
  /// client also without its line feed.
  private static final int CHUNK_TEXT_COST = 6;

  private static final int CHUNK_BYTES = 500;

  private final EntityManager entityManager;
  private final CollectionService collections;
  private final DocumentTable table;
  private final FilteredDocuments filtered;
  private final FilteredDeletion deletion;
  private final EmbeddingModels models;
  private final Chunkers chunkers;
  private final AuditTrail audit;
  private final DocumentMeters meters;
  private final CollectionChanges changes;
  private final Spans spans;
  private final Replicas replicas;

  DocumentService(
      EntityManager entityManager,
      CollectionService collections,
      DocumentTable table,
      FilteredDocuments filtered,
      FilteredDeletion deletion,
      EmbeddingModels models,
      Chunkers chunkers,
      AuditTrail audit,
      DocumentMeters meters,
      CollectionChanges changes,
      Spans spans,
      Replicas replicas) {
    this.entityManager = entityManager;
    this.collections = collections;
    this.table = table;
    this.filtered = filtered;
    this.deletion = deletion;
    this.models = models;
    this.chunkers = chunkers;
    this.audit = audit;
    this.meters = meters;
    this.changes = changes;
    this.spans = spans;
    this.replicas = replicas;
  }

  /// Stores a document: creates it, or updates it if it differs. The text is embedded outside of
  /// the transaction, so that no connection waits for the model. All rows are written in one
  /// transaction, so that nobody sees a part of a document.
  ///
  /// @throws Problem if the collection does not exist, the ID is not valid, the model rejects the
  ///   text, `conditions` are not met, or too many writes are running
  @LimitConcurrency(WorkKind.WRITE)
  PutResult put(
      String collection, String externalId, DocumentContent content, Preconditions conditions) {
    ActiveSpace target = collections.activeSpaceAndSettings(collection);
    Space space = target.space();
    PutResult result =
        collections.callOnPartitions(
            collection, space, () -> store(collection, target, externalId, content, conditions));
    meters.count(collection, result.status().value(), 1);
    if (result.status() != Status.UNCHANGED) {
      changes.add(space.collectionId());
    }
    return result;
  }

  /// The same without conditions.
  public PutResult put(String collection, String externalId, DocumentContent content) {
    return put(collection, externalId, content, Preconditions.NONE);
  }

  private PutResult store(
      String collection,
      ActiveSpace target,
      String externalId,
      DocumentContent content,
      Preconditions conditions) {
    Space space = target.space();
    EmbeddingModel model = models.forSpace(space);
    var preparer =
        new DocumentPreparer(
            space, model, chunkers.forModel(model), target.settings().searchesTitles());
    DocumentTable.Row row = preparer.row(externalId, content);

    Optional<Stored> stored =
        QuarkusTransaction.requiringNew().call(() -> table.findUnchanged(row));
    if (stored.isPresent()) {
      conditions.check(stored.get().etag());
      return result(externalId, Status.UNCHANGED, stored.get());
    }
    stored =
        QuarkusTransaction.requiringNew()
            .call(() -> {
              checkAndLock(row, conditions);
              return table.updateFields(row);
            });
    if (stored.isPresent()) {
      return result(externalId, Status.UPDATED, stored.get());
    }

    PreparedDocument document = preparer.prepare(row, content);
    List<String> warnings =
        TextValidator.scriptWarning(document.missing(), model).stream().toList();
    preparer.embed(List.of(document));
    IfSimilar ifSimilar = content.ifSimilar();
    List<SimilarDocument> similar =
        ifSimilar == null
            ? null
            : QuarkusTransaction.requiringNew()
                .call(() -> ifSimilar.check(externalId, space, document));
    return spans.sql(
        "write document",
        space.documentTable(),
        () ->
            QuarkusTransaction.requiringNew()
                .call(() -> write(collection, space, document, conditions, similar, warnings)));
  }

  private static PutResult result(String externalId, Status status, Stored stored) {
    return new PutResult(externalId, status, stored.chunks(), stored.etag(), null, null);
  }

  /// Without conditions, does nothing: the last write wins.
  private void checkAndLock(DocumentTable.Row row, Preconditions conditions) {
    if (!conditions.isEmpty()) {
      conditions.check(table.lock(row.collectionId(), row.id()).orElse(null));
    }
  }

  private PutResult write(
      String collection,
      Space space,
      PreparedDocument document,
      Preconditions conditions,
      @Nullable List<SimilarDocument> similar,
      List<String> warnings) {
    String settings =
        table.lockCollection(space).orElseThrow(() -> CollectionService.notFound(collection));
    DocumentTable.Row row = document.row();
    checkAndLock(row, conditions);
    String etag = table.upsert(row);
    // Every stored document has a chunk, so a document without chunks is new.
    boolean created =
        !table.replaceChunks(space, document, collections.textAnalyzer(settings).orElse(null));
    if (!created && conditions.requireAbsence()) {
      // Another client has created it since the check, when there was no row to lock.
      conditions.check(etag);
    }
    return new PutResult(
        row.externalId(),
        created ? Status.CREATED : Status.UPDATED,
        document.split().size(),
        etag,
        similar,
        warnings.isEmpty() ? null : warnings);
  }

  /// One document with its text, from one snapshot.
  ///
  /// @param memory reserves memory for the text
  /// @throws Problem if the collection or the document does not exist
  @LimitConcurrency(WorkKind.READ)
  DocumentView get(String collection, String externalId, MemoryBudget.Account memory) {
    return inTransaction(
        collection,
        externalId,
        (collectionId, id) -> {
          table.useOneSnapshot();
          DocumentTable.Found found =
              table
                  .find(collectionId, id, memory)
                  .orElseThrow(() -> notFound(collection, externalId));
          memory.reserve((long) found.characters() * TEXT_BYTES_PER_CHARACTER);
          return found.view().withText(table.text(collectionId, id, found), found.chunks());
        });
  }

  /// The entity tag of a document.
  ///
  /// @throws Problem if the collection or the document does not exist
  @LimitConcurrency(WorkKind.READ)
  String etag(String collection, String externalId) {
    return inTransaction(collection, externalId, table::etag)
        .orElseThrow(() -> notFound(collection, externalId));
  }

  /// A page of documents without their texts. Documents that are created or deleted between two
  /// pages do not change the order.
  ///
  /// @param after the `next` of the previous page; `null` for the first page
  /// @param counted whether to count the documents of all pages
  /// @param written what was written up to this position is found; `null` for any recent state
  /// @param memory reserves memory for the page
  @LimitConcurrency(WorkKind.READ)
  DocumentPage list(
      String collection,
      Filter filter,
      int limit,
      @Nullable String after,
      boolean counted,
      @Nullable LogSequenceNumber written,
      MemoryBudget.Account memory)
      throws SQLException {
    return replicas.read(
        Reads.LIST,
        written,
        () -> {
          Space space;
          try (Connection connection = replicas.getConnection()) {
            space = CollectionService.activeSpaceAndSettings(connection, collection).space();
          }
          Cursor start = Cursor.parse(after);
          return collections.onPartitions(
              collection,
              space,
              () -> {
                FilteredDocuments.Page page = filtered.page(space, filter, start, limit, memory);
                return new DocumentPage(
                    page.documents(),
                    page.documents().size() < limit ? null : page.end().toString(),
                    counted ? Long.valueOf(filtered.count(space, filter)) : null);
              });
        });
  }

  /// Deletes the documents that match a filter.
  ///
  /// @param memory reserves memory for the ids of documents
  /// @return the number of deleted documents
  /// @throws Problem if the collection does not exist, or not all matching documents were deleted
  ///   within `sheaf.limits.delete-time`
  long delete(String collection, Filter filter, MemoryBudget.Account memory) throws SQLException {
    Space space = collections.activeSpace(collection);
    return deletion.delete(
        collection,
        space,
        filter,
        memory,
        deleted -> {
          meters.count(collection, "deleted", deleted);
          changes.add(space.collectionId());
        });
  }

  /// Changes title, uri and metadata of a document.
  ///
  /// @param memory reserves memory for the metadata
  /// @return the document after the change, without its text
  /// @throws Problem if the collection or the document does not exist, or `conditions` are not met
  @LimitConcurrency(WorkKind.WRITE)
  DocumentView update(
      String collection,
      String externalId,
      UpdateDocument update,
      Preconditions conditions,
      MemoryBudget.Account memory) {
    if (update.changesTitle()
        && collections.activeSpaceAndSettings(collection).settings().searchesTitles()) {
      throw Problem.field(
          "title",
          "title is embedded with the text in this collection, so it cannot be changed alone. PUT"
              + " the document.");
    }
    return inTransaction(
        collection,
        externalId,
        (collectionId, id) ->
            table
                .update(collectionId, id, update, conditions, memory)
                .orElseThrow(() -> notFound(collection, externalId)));
  }

  /// The chunks of a document, in order, from one snapshot.
  ///
  /// @param memory reserves memory for the texts
  /// @throws Problem if the collection or the document does not exist
  @LimitConcurrency(WorkKind.READ)
  List<ChunkView> chunks(String collection, String externalId, MemoryBudget.Account memory) {
    return inTransaction(
        collection,
        externalId,
        (collectionId, id) -> {
          table.useOneSnapshot();
          DocumentTable.Found found =
              table
                  .find(collectionId, id, memory)
                  .orElseThrow(() -> notFound(collection, externalId));
          memory.reserve(found.bytes() * CHUNK_TEXT_COST + (long) found.chunks() * CHUNK_BYTES);
          return ChunkView.of(table.chunks(collectionId, id), found.splitByClient());
        });
  }

  /// Documents that are similar to a document.
  ///
  /// @param filter condition on the similar documents
  /// @param memory reserves memory for the answer
  /// @throws Problem if the collection or the document does not exist
  @LimitConcurrency(WorkKind.SEARCH)
  List<SimilarDocument> similar(
      String collection, String externalId, Filter filter, int limit, MemoryBudget.Account memory) {
    memory.reserve(limit * SimilarDocument.MAX_BYTES);
    ActiveSpace searched = collections.activeSpaceAndSettings(collection);
    UUID id = DocumentId.of(searched.space().collectionId(), externalId);
    return QuarkusTransaction.requiringNew()
        .call(() ->
            SimilarDocument.of(searched, id, filter, limit)
                .orElseThrow(() -> notFound(collection, externalId)));
  }

  /// Deletes a document with its chunks and embeddings.
  ///
  /// @throws Problem if the collection or the document does not exist, or `conditions` are not met
  @LimitConcurrency(WorkKind.WRITE)
  public void delete(String collection, String externalId, Preconditions conditions) {
    inTransaction(
        collection,
        externalId,
        (collectionId, id) -> {
          if (!conditions.isEmpty()) {
            conditions.check(
                table.lock(collectionId, id).orElseThrow(() -> notFound(collection, externalId)));
          }
          if (!table.delete(collectionId, id)) {
            throw notFound(collection, externalId);
          }
          String object = collection + "/" + externalId;
          entityManager
              .unwrap(Session.class)
              .doWork(connection ->
                  audit.record(connection, AuditAction.DOCUMENT_DELETED, object, Map.of()));
          return true;
        });
    meters.count(collection, "deleted", 1);
  }

  private interface Work<T> {
    T on(long collectionId, UUID id);
  }

  /// Runs `work` on one document in a transaction.
  ///
  /// @throws Problem if the collection does not exist
  private <T> T inTransaction(String collection, String externalId, Work<T> work) {
    Space space = collections.activeSpace(collection);
    UUID id = DocumentId.of(space.collectionId(), externalId);
    return collections.callOnPartitions(
        collection,
        space,
        () -> QuarkusTransaction.requiringNew().call(() -> work.on(space.collectionId(), id)));
  }

  private static Problem notFound(String collection, String externalId) {
    return new Problem(
        ProblemType.DOCUMENT_NOT_FOUND,
        "There is no document " + externalId + " in the collection " + collection + ".");
  }
}
