package dev.sheaf.document;

import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionSettings;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlStates;
import dev.sheaf.document.DocumentTable.Row;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import dev.sheaf.problem.Problem;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Stores many documents in a few statements, with the same result as one `PUT` for each.
///
/// New documents, and the chunks of all changed documents, are loaded by binary `COPY` directly
/// into the partitions, because routing rows through the partitioned tables costs more than storing
/// them. The row of an existing document is updated and not replaced, so that concurrent
/// transactions that wait for its lock still find it.
@ApplicationScoped
public class BulkDocuments {

  private static final String DOCUMENT_COLUMNS =
      "collection_id, id, external_id, title, uri, metadata, mime_type, content_hash, created_at,"
          + " updated_at";
  private static final String CHUNK_COLUMNS =
      "collection_id, document_id, ordinal, text, token_count, start_offset, end_offset, title";
  private static final String EMBEDDING_COLUMNS =
      "space_id, collection_id, document_id, ordinal, vector";

  private final DataSource dataSource;
  private final CollectionService collections;
  private final EmbeddingModels models;
  private final Chunkers chunkers;

  BulkDocuments(
      AgroalDataSource dataSource,
      CollectionService collections,
      EmbeddingModels models,
      Chunkers chunkers) {
    this.dataSource = dataSource;
    this.collections = collections;
    this.models = models;
    this.chunkers = chunkers;
  }

  /// The result of storing a document.
  public enum Status {
    CREATED,
    UPDATED,
    UNCHANGED,
    /// An earlier batch of the same upload contained the document; this batch replaced it.
    REPLACED
  }

  /// Documents that are split and embedded, ready to be written.
  public static final class PreparedBatch {
    private final String collection;
    private final Space space;
    private final SequencedMap<UUID, Row> rows = new LinkedHashMap<>();
    private final Map<UUID, PreparedDocument> documents = new HashMap<>();
    private final Map<String, Problem> rejected = new LinkedHashMap<>();
    private int unreadable;

    private PreparedBatch(String collection, Space space) {
      this.collection = collection;
      this.space = space;
    }

    /// The documents that cannot be stored, by external ID, and why. The others can be stored.
    public Map<String, Problem> rejected() {
      return rejected;
    }

    /// The number of embedded documents in a script that the model does not know.
    public int unreadable() {
      return unreadable;
    }

    private void reject(Row row, Problem problem) {
      rows.remove(row.id());
      documents.remove(row.id());
      rejected.put(row.externalId(), problem);
    }
  }

  /// The result of writing a batch.
  ///
  /// @param statuses by external ID
  /// @param at the time of the transaction, by the server's clock
  public record WriteResult(Map<String, Status> statuses, Instant at) {}

  /// The comparison of a row with the stored document of the same ID.
  private record StoredDocument(boolean sameContent, boolean sameFields, Instant updatedAt) {}

  /// Splits and embeds the documents that differ from the stored ones. Uses no connection while it
  /// embeds.
  ///
  /// @param space the active space of the collection
  /// @param settings of the collection
  /// @param documents by external ID
  /// @throws dev.sheaf.embedding.EmbeddingException if the model is unavailable
  public PreparedBatch prepare(
      String collection,
      Space space,
      CollectionSettings settings,
      Map<String, DocumentContent> documents)
      throws SQLException {
    EmbeddingModel model = models.forSpace(space);
    var preparer =
        new DocumentPreparer(space, model, chunkers.forModel(model), settings.searchesTitles());
    var batch = new PreparedBatch(collection, space);
    documents.forEach((externalId, content) -> {
      try {
        Row row = preparer.row(externalId, content);
        batch.rows.put(row.id(), row);
      } catch (Problem problem) {
        batch.rejected.put(externalId, problem);
      }
    });
    Map<UUID, StoredDocument> stored = findStoredBeforeEmbedding(batch, documents);
    for (Row row : List.copyOf(batch.rows.values())) {
      StoredDocument existing = stored.get(row.id());
      if (existing == null || !existing.sameContent()) {
        DocumentContent content = Objects.requireNonNull(documents.get(row.externalId()));
        try {
          batch.documents.put(row.id(), preparer.prepare(row, content));
        } catch (Problem problem) {
          batch.reject(row, problem);
        }
      }
    }
    for (PreparedDocument document : batch.documents.values()) {
      if (!model.knowsScriptOf(document.missing())) {
        batch.unreadable++;
      }
    }
    embed(preparer, batch, List.copyOf(batch.documents.values()));
    return batch;
  }

  /// Skips documents that contain all their vectors: preparing them again costs less than the
  /// query.
  private Map<UUID, StoredDocument> findStoredBeforeEmbedding(
      PreparedBatch batch, Map<String, DocumentContent> documents) throws SQLException {
    List<Row> toEmbed =
        batch.rows.values().stream()
            .filter(row -> !hasAllVectors(Objects.requireNonNull(documents.get(row.externalId()))))
            .toList();
    if (toEmbed.isEmpty()) {
      return Map.of();
    }
    try (Connection connection = dataSource.getConnection()) {
      return findStored(connection, batch.space, toEmbed);
    }
  }

  private static boolean hasAllVectors(DocumentContent content) {
    return content.chunks() != null
        && content.chunks().stream().allMatch(chunk -> chunk.vector() != null);
  }

  /// Embeds all documents together. If the model rejects one, embeds each half separately, until
  /// the rejected document is found.
  private static void embed(
      DocumentPreparer preparer, PreparedBatch batch, List<PreparedDocument> documents) {
    try {
      preparer.embed(documents);
    } catch (Problem rejected) {
      if (documents.size() == 1) {
        batch.reject(documents.getFirst().row(), rejected);
        return;
      }
      int half = documents.size() / 2;
      embed(preparer, batch, documents.subList(0, half));
      embed(preparer, batch, documents.subList(half, documents.size()));
    }
  }

  /// Writes a batch, in the transaction of the caller.
  ///
  /// @param ownWrites the [WriteResult#at] of earlier batches of the same upload
  /// @throws Problem if the collection was dropped
  /// @throws SQLException with SQLSTATE class 40 or 23505 if a concurrent transaction wrote one of
  ///   the documents; prepare and write the batch again then
  public WriteResult write(Connection connection, PreparedBatch batch, Set<Instant> ownWrites)
      throws SQLException {
    Space space = batch.space;
    TextAnalyzer analyzer = lockCollection(connection, batch).orElse(null);
    Instant now = Sql.of("SELECT now()").first(connection, row -> instant(row, 1)).orElseThrow();
    Map<UUID, StoredDocument> stored = findStored(connection, space, batch.rows.values());
    var statuses = new HashMap<String, Status>();
    var withNewFields = new ArrayList<Row>();
    var withNewContent = new ArrayList<PreparedDocument>();
    for (Row row : batch.rows.values()) {
      StoredDocument existing = stored.get(row.id());
      if (existing != null && existing.sameContent()) {
        if (!existing.sameFields()) {
          withNewFields.add(row);
        }
        statuses.put(row.externalId(), existing.sameFields() ? Status.UNCHANGED : Status.UPDATED);
      } else {
        PreparedDocument document = batch.documents.get(row.id());
        if (document == null) {
          throw changedConcurrently(row);
        }
        withNewContent.add(document);
        statuses.put(row.externalId(), existing == null ? Status.CREATED : Status.UPDATED);
      }
      if (existing != null && ownWrites.contains(existing.updatedAt())) {
        statuses.put(row.externalId(), Status.REPLACED);
      }
    }
    if (!withNewFields.isEmpty()) {
      update(connection, space, withNewFields, "AND d.content_hash = x.content_hash");
    }
    if (!withNewContent.isEmpty()) {
      load(connection, space, withNewContent, analyzer, stored.keySet(), now);
    }
    return new WriteResult(statuses, now);
  }

  /// Locks the collection until the end of the transaction.
  ///
  /// @return the analyzer for the texts of this transaction; empty if PostgreSQL finds the words
  private Optional<TextAnalyzer> lockCollection(Connection connection, PreparedBatch batch)
      throws SQLException {
    String settings =
        DocumentTable.lockCollection(connection, batch.space)
            .orElseThrow(() -> CollectionService.notFound(batch.collection));
    return collections.textAnalyzer(settings);
  }

  /// Compares rows with the stored documents. Finds each by the primary key of the partition.
  private static Map<UUID, StoredDocument> findStored(
      Connection connection, Space space, Collection<Row> rows) throws SQLException {
    var stored = new HashMap<UUID, StoredDocument>();
    String sql =
        """
        SELECT d.id,
               d.content_hash = x.content_hash,
               d.title IS NOT DISTINCT FROM x.title
                 AND d.uri IS NOT DISTINCT FROM x.uri
                 AND d.metadata = x.metadata::jsonb
                 AND d.mime_type = x.mime_type,
               d.updated_at
          FROM unnest(?::uuid[], ?::bytea[], ?::text[], ?::text[], ?::text[], ?::text[])
            AS x (id, content_hash, title, uri, metadata, mime_type)
          JOIN %s d ON d.collection_id = %s AND d.id = x.id
        """
            .formatted(space.documentTable(), space.collectionId());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, rows);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          stored.put(
              row.getObject(1, UUID.class),
              new StoredDocument(row.getBoolean(2), row.getBoolean(3), instant(row, 4)));
        }
      }
    }
    return stored;
  }

  /// @param condition an additional condition on each document, in SQL
  /// @throws SQLException if a document does not exist, or does not match the condition
  private static void update(Connection connection, Space space, List<Row> rows, String condition)
      throws SQLException {
    String sql =
        """
        UPDATE %s d
           SET title        = x.title,
               uri          = x.uri,
               metadata     = x.metadata::jsonb,
               mime_type    = x.mime_type,
               content_hash = x.content_hash,
               updated_at   = now()
          FROM unnest(?::uuid[], ?::bytea[], ?::text[], ?::text[], ?::text[], ?::text[])
            AS x (id, content_hash, title, uri, metadata, mime_type)
         WHERE d.collection_id = %s
           AND d.id            = x.id
               %s
        """
            .formatted(space.documentTable(), space.collectionId(), condition);
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, rows);
      if (statement.executeUpdate() != rows.size()) {
        throw changedConcurrently(rows.getFirst());
      }
    }
  }

  private static void load(
      Connection connection,
      Space space,
      List<PreparedDocument> documents,
      @Nullable TextAnalyzer analyzer,
      Set<UUID> stored,
      Instant now)
      throws SQLException {
    // Sorted, so that concurrent uploads of the same documents seldom deadlock.
    List<Row> replaced =
        documents.stream()
            .map(PreparedDocument::row)
            .filter(row -> stored.contains(row.id()))
            .sorted(Comparator.comparing(Row::id))
            .toList();
    if (!replaced.isEmpty()) {
      update(connection, space, replaced, "");
      deleteChunks(connection, space, replaced);
    }
    try (BinaryCopy copy = BinaryCopy.into(connection, space.documentTable(), DOCUMENT_COLUMNS)) {
      for (PreparedDocument document : documents) {
        Row row = document.row();
        if (stored.contains(row.id())) {
          continue;
        }
        copy.row()
            .bigint(row.collectionId())
            .uuid(row.id())
            .text(row.externalId())
            .text(row.title())
            .text(row.uri())
            .jsonb(row.metadata())
            .text(row.mimeType())
            .bytea(row.contentHash())
            .timestamptz(now)
            .timestamptz(now);
      }
      copy.finish();
    }
    loadChunks(connection, space, documents, analyzer);
  }

  /// Loads the chunks and embeddings of documents that have none.
  ///
  /// @param analyzer finds the words of the chunks; `null` if PostgreSQL does
  static void loadChunks(
      Connection connection,
      Space space,
      List<PreparedDocument> documents,
      @Nullable TextAnalyzer analyzer)
      throws SQLException {
    String columns = analyzer == null ? CHUNK_COLUMNS : CHUNK_COLUMNS + ", search";
    try (BinaryCopy copy = BinaryCopy.into(connection, space.chunkTable(), columns)) {
      for (PreparedDocument document : documents) {
        for (TextChunk embedded : document.split()) {
          TextChunk chunk = document.stored(embedded);
          copy.row()
              .bigint(space.collectionId())
              .uuid(document.row().id())
              .integer(chunk.ordinal())
              .text(chunk.text())
              .integer(chunk.tokenCount())
              .integer(chunk.startOffset())
              .integer(chunk.endOffset())
              .text(document.title());
          if (analyzer != null) {
            copy.bytea(Lexemes.of(analyzer, document.title(), chunk.text()).binary());
          }
        }
      }
      copy.finish();
    }
    try (BinaryCopy copy = BinaryCopy.into(connection, space.embeddingTable(), EMBEDDING_COLUMNS)) {
      for (PreparedDocument document : documents) {
        for (int ordinal = 0; ordinal < document.vectors().length; ordinal++) {
          copy.row()
              .bigint(space.id())
              .bigint(space.collectionId())
              .uuid(document.row().id())
              .integer(ordinal);
          float[] vector = document.vectors()[ordinal];
          switch (space.storage()) {
            case FULL -> copy.vector(vector);
            case HALF -> copy.halfvec(vector);
          }
        }
      }
      copy.finish();
    }
  }

  /// Deletes the chunks of documents. Their embeddings are deleted by cascade.
  ///
  /// @return the number of deleted chunks
  static int deleteChunks(Connection connection, Space space, List<Row> rows) throws SQLException {
    String sql =
        """
        DELETE FROM %s
         WHERE collection_id = %s
           AND document_id   = ANY(?)
        """
            .formatted(space.chunkTable(), space.collectionId());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setArray(1, array(statement, "uuid", rows, Row::id, UUID[]::new));
      return statement.executeUpdate();
    }
  }

  private static void bind(PreparedStatement statement, Collection<Row> rows) throws SQLException {
    statement.setArray(1, array(statement, "uuid", rows, Row::id, UUID[]::new));
    statement.setArray(2, array(statement, "bytea", rows, Row::contentHash, byte[][]::new));
    statement.setArray(3, array(statement, "text", rows, Row::title, String[]::new));
    statement.setArray(4, array(statement, "text", rows, Row::uri, String[]::new));
    statement.setArray(5, array(statement, "text", rows, Row::metadata, String[]::new));
    statement.setArray(6, array(statement, "text", rows, Row::mimeType, String[]::new));
  }

  private static <T extends @Nullable Object> Array array(
      PreparedStatement statement,
      String type,
      Collection<Row> rows,
      Function<Row, T> column,
      IntFunction<T[]> array)
      throws SQLException {
    return statement.getConnection().createArrayOf(type, rows.stream().map(column).toArray(array));
  }

  private static Instant instant(ResultSet row, int column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  private static SQLException changedConcurrently(Row row) {
    return new SQLException(
        "Document " + row.id() + " was changed by a concurrent transaction",
        SqlStates.SERIALIZATION_FAILURE);
  }
}
