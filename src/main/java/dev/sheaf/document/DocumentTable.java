package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.database.Sql;
import dev.sheaf.embedding.Space;
import dev.sheaf.http.Preconditions;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.Session;
import org.jspecify.annotations.Nullable;

/// Statements on the documents and chunks of one collection. All run in the transaction of the
/// caller, and find their rows by the primary keys of the partitions.
///
/// Each statement names its partitions: a statement on a partitioned table whose key is a parameter
/// sooner or later gets a generic plan, and planning that locks the partitions of all collections.
@ApplicationScoped
class DocumentTable {

  /// The entity tag of a document: a hash of everything that a client can read of it, and of the
  /// way in which it is split and embedded.
  private static final String ETAG =
      """
      '"' || left(encode(sha256(content_hash || convert_to(
        jsonb_build_array(title, uri, metadata, extract(epoch FROM updated_at))::text, 'UTF8')), 'hex'), 32) || '"'\
      """;

  private static final String FIND_ETAG =
      """
      SELECT %s
        FROM document_{collection}
       WHERE collection_id = ?
         AND id            = ?
      """
          .formatted(ETAG);

  private static final String LOCK = FIND_ETAG + " FOR UPDATE";

  private static final String FIND_UNCHANGED =
      """
      SELECT (SELECT count(*) FROM chunk_{collection} c WHERE c.collection_id = d.collection_id AND c.document_id = d.id), %s
        FROM document_{collection} d
       WHERE collection_id = ?
         AND id            = ?
         AND content_hash  = ?
         AND title IS NOT DISTINCT FROM ?
         AND uri   IS NOT DISTINCT FROM ?
         AND metadata      = ?::jsonb
         AND mime_type     = ?
      """
          .formatted(ETAG);

  private static final String UPDATE_FIELDS =
      """
      UPDATE document_{collection} d
         SET title      = ?,
             uri        = ?,
             metadata   = ?::jsonb,
             mime_type  = ?,
             updated_at = now()
       WHERE collection_id = ?
         AND id            = ?
         AND content_hash  = ?
      """;

  private static final String STORED =
      "(SELECT count(*) FROM chunk_{collection} c WHERE c.collection_id = d.collection_id AND c.document_id = d.id), "
          + ETAG;

  private static final String FIND_STORED =
      """
      SELECT %s
        FROM document_{collection} d
       WHERE collection_id = ?
         AND id            = ?
      """
          .formatted(STORED);

  private static final String UPSERT =
      """
      INSERT INTO document_{collection} (collection_id, id, external_id, title, uri, metadata, content_hash, mime_type)
           VALUES (?, ?, ?, ?, ?, ?::jsonb, ?, ?)
      ON CONFLICT (collection_id, id) DO UPDATE
              SET title        = excluded.title,
                  uri          = excluded.uri,
                  metadata     = excluded.metadata,
                  content_hash = excluded.content_hash,
                  mime_type    = excluded.mime_type,
                  updated_at   = excluded.updated_at
      """;

  private static final String FIND =
      """
      SELECT d.external_id, d.title, d.uri, %s, d.created_at, d.updated_at, %s, d.mime_type,
             c.count, c.characters, c.bytes
        FROM document_{collection} d
       CROSS JOIN (SELECT count(*)                                 AS count,
                          COALESCE(max(end_offset), 0)             AS characters,
                          COALESCE(sum(octet_length(text)), 0)     AS bytes
                     FROM chunk_{collection}
                    WHERE collection_id = ?
                      AND document_id   = ?) c
       WHERE d.collection_id = ?
         AND d.id            = ?
      """
          .formatted(StoredMetadata.COLUMN, ETAG);

  private static final String TEXTS =
      """
      SELECT text, start_offset
        FROM chunk_{collection}
       WHERE collection_id = ?
         AND document_id   = ?
       ORDER BY ordinal
      """;

  /// How many chunks are in memory beside the text that they are joined to.
  private static final int FETCHED_CHUNKS = 100;

  private static final String REPLACE_FIELDS =
      """
      UPDATE document_{collection}
         SET title      = ?,
             uri        = ?,
             metadata   = COALESCE(?::jsonb, metadata),
             updated_at = now()
       WHERE collection_id = ?
         AND id            = ?
      """;

  /// The `mime_type` of a document that the service splits.
  static final String TEXT = "text/plain";

  /// The `mime_type` of a document whose chunks the client sent. They are stored with a line feed
  /// after each but the last. Releases that do not write this type stored such documents as
  /// [#TEXT].
  public static final String CHUNKS = "application/json";

  private static final String DELETE =
      """
      DELETE FROM document_{collection}
       WHERE collection_id = ?
         AND id            = ?
      """;

  private static final String CHUNKS_OF_DOCUMENT =
      """
      SELECT ordinal, text, token_count, start_offset, end_offset
        FROM chunk_{collection}
       WHERE collection_id = ?
         AND document_id   = ?
       ORDER BY ordinal
      """;

  private static final String LOCK_COLLECTION =
      """
      SELECT settings
        FROM collection
       WHERE id              = ?
         AND active_space_id = ?
         FOR KEY SHARE
      """;

  private static final int TREE_BYTES_PER_CHARACTER = 35;

  /// Reads stored metadata, which is not limited as that of clients.
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final EntityManager entityManager;

  /// Citus returns nothing from a write that depends on the settings of a session, such as the text
  /// of a time.
  private final boolean returning;

  DocumentTable(EntityManager entityManager, ModuleSwitches modules) {
    this.entityManager = entityManager;
    this.returning = !modules.isOn(ModulesConfig.CITUS);
  }

  /// A row of the table `document`.
  ///
  /// @param metadata a JSON object
  /// @param mimeType the kind of the original: [#TEXT], or [#CHUNKS] if the client split it
  /// @param contentHash a [ContentHash], 32 bytes
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Row(
      long collectionId,
      UUID id,
      String externalId,
      @Nullable String title,
      @Nullable String uri,
      String metadata,
      String mimeType,
      byte[] contentHash) {}

  /// What is stored of a document.
  ///
  /// @param chunks the number of chunks
  record Stored(int chunks, String etag) {

    private static Stored of(ResultSet row) throws SQLException {
      return new Stored(row.getInt(1), row.getString(2));
    }
  }

  /// The entity tag of a document; empty if it does not exist.
  Optional<String> etag(long collectionId, UUID id) {
    return etag(FIND_ETAG, collectionId, id);
  }

  /// Locks a document until the end of the transaction.
  ///
  /// @return its entity tag; empty if it does not exist
  Optional<String> lock(long collectionId, UUID id) {
    return etag(LOCK, collectionId, id);
  }

  private Optional<String> etag(String sql, long collectionId, UUID id) {
    return query(
        collectionId,
        sql,
        statement -> {
          statement.setLong(1, collectionId);
          statement.setObject(2, id);
        },
        row -> row.getString(1));
  }

  /// The stored document; empty if it differs from `row` or does not exist.
  Optional<Stored> findUnchanged(Row row) {
    return query(
        row.collectionId(),
        FIND_UNCHANGED,
        statement -> {
          statement.setLong(1, row.collectionId());
          statement.setObject(2, row.id());
          statement.setBytes(3, row.contentHash());
          statement.setString(4, row.title());
          statement.setString(5, row.uri());
          statement.setString(6, row.metadata());
          statement.setString(7, row.mimeType());
        },
        Stored::of);
  }

  /// Replaces title, uri and metadata, if the content hash is the same.
  ///
  /// @return empty if the content differs or the document does not exist
  Optional<Stored> updateFields(Row row) {
    return write(
        row,
        UPDATE_FIELDS,
        STORED,
        FIND_STORED,
        statement -> {
          statement.setString(1, row.title());
          statement.setString(2, row.uri());
          statement.setString(3, row.metadata());
          statement.setString(4, row.mimeType());
          statement.setLong(5, row.collectionId());
          statement.setObject(6, row.id());
          statement.setBytes(7, row.contentHash());
        },
        Stored::of);
  }

  /// Inserts or replaces the row, and locks it until the end of the transaction.
  ///
  /// @return the entity tag of the document
  String upsert(Row row) {
    return write(
            row,
            UPSERT,
            ETAG,
            FIND_ETAG,
            statement -> {
              statement.setLong(1, row.collectionId());
              statement.setObject(2, row.id());
              statement.setString(3, row.externalId());
              statement.setString(4, row.title());
              statement.setString(5, row.uri());
              statement.setString(6, row.metadata());
              statement.setBytes(7, row.contentHash());
              statement.setString(8, row.mimeType());
            },
            inserted -> inserted.getString(1))
        .orElseThrow();
  }

  /// Replaces the chunks and embeddings of a document whose row is locked.
  ///
  /// @param analyzer finds the words of the chunks; `null` if PostgreSQL does
  /// @return whether it had chunks
  boolean replaceChunks(Space space, PreparedDocument document, @Nullable TextAnalyzer analyzer) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(connection -> {
          int deleted = BulkDocuments.deleteChunks(connection, space, List.of(document.row()));
          BulkDocuments.loadChunks(connection, space, List.of(document), analyzer);
          return deleted > 0;
        });
  }

  /// A stored document without its text.
  ///
  /// @param view without text
  /// @param splitByClient whether the client sent its chunks
  /// @param chunks the number of chunks
  /// @param characters length of the text, in UTF-16 code units
  /// @param bytes length of the texts of all chunks in UTF-8
  record Found(DocumentView view, boolean splitByClient, int chunks, int characters, long bytes) {}

  /// Reads a document without its text.
  ///
  /// @param memory reserves memory for unusually long metadata
  Optional<Found> find(long collectionId, UUID id, MemoryBudget.Account memory) {
    Optional<Found> found =
        query(
            collectionId,
            FIND,
            statement -> {
              statement.setLong(1, collectionId);
              statement.setObject(2, id);
              statement.setLong(3, collectionId);
              statement.setObject(4, id);
            },
            row ->
                new Found(
                    new DocumentView(
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        null,
                        null,
                        row.getObject(5, OffsetDateTime.class).toInstant(),
                        row.getObject(6, OffsetDateTime.class).toInstant(),
                        row.getString(7)),
                    row.getString(8).equals(CHUNKS),
                    row.getInt(9),
                    row.getInt(10),
                    row.getLong(11)));
    if (found.isEmpty() || found.get().view().metadata() != null) {
      return found;
    }
    String metadata =
        entityManager
            .unwrap(Session.class)
            .doReturningWork(
                connection -> StoredMetadata.read(connection, collectionId, id, memory));
    return found.map(document ->
        new Found(
            document.view().withMetadata(metadata),
            document.splitByClient(),
            document.chunks(),
            document.characters(),
            document.bytes()));
  }

  /// Reads the text of a document, from the snapshot in which it was found.
  String text(long collectionId, UUID id, Found found) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(inPartitions(TEXTS, collectionId))) {
            select.setLong(1, collectionId);
            select.setObject(2, id);
            select.setFetchSize(FETCHED_CHUNKS);
            var text = new StringBuilder(found.characters());
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                Chunk.append(text, row.getString(1), row.getInt(2));
              }
            }
            return text.toString();
          }
        });
  }

  /// Applies `update` to title, uri and metadata.
  ///
  /// @param memory reserves memory for the metadata
  /// @return the document after the change, without its text; empty if it does not exist
  /// @throws Problem if `conditions` are not met
  Optional<DocumentView> update(
      long collectionId,
      UUID id,
      UpdateDocument update,
      Preconditions conditions,
      MemoryBudget.Account memory) {
    Optional<String> current = lock(collectionId, id);
    if (current.isEmpty()) {
      return Optional.empty();
    }
    conditions.check(current.get());
    DocumentView document = find(collectionId, id, memory).orElseThrow().view();
    String metadata = update.changesMetadata() ? merged(document.metadata(), update, memory) : null;
    entityManager
        .unwrap(Session.class)
        .doWork(connection -> {
          try (PreparedStatement statement =
              connection.prepareStatement(inPartitions(REPLACE_FIELDS, collectionId))) {
            statement.setString(1, update.title(document.title()));
            statement.setString(2, update.uri(document.uri()));
            statement.setString(3, metadata);
            statement.setLong(4, collectionId);
            statement.setObject(5, id);
            statement.executeUpdate();
          }
        });
    return find(collectionId, id, memory).map(Found::view);
  }

  private String merged(String old, UpdateDocument update, MemoryBudget.Account memory) {
    if (old.length() > DocumentMetadata.MAX_BYTES) {
      memory.reserve((long) old.length() * TREE_BYTES_PER_CHARACTER);
    }
    String merged = update.metadata(parse(old)).toString();
    if (merged.length() > Math.max(old.length(), DocumentMetadata.MAX_BYTES)) {
      throw Problem.field(
          "metadata",
          "metadata would have more than "
              + DocumentMetadata.MAX_BYTES
              + " bytes after the change.");
    }
    return merged;
  }

  private static JsonNode parse(String metadata) {
    try {
      return JSON.readTree(metadata);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A jsonb column contained invalid JSON", e);
    }
  }

  /// Makes all queries of the transaction use one snapshot. Call this before the first query.
  void useOneSnapshot() {
    entityManager
        .unwrap(Session.class)
        .doWork(connection -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
          }
        });
  }

  /// Locks the collection until the end of the transaction, so that it is not dropped and its space
  /// not replaced.
  ///
  /// @return the settings of the collection; empty if it was dropped or its space replaced
  Optional<String> lockCollection(Space space) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(connection -> lockCollection(connection, space));
  }

  /// The same on a connection.
  static Optional<String> lockCollection(Connection connection, Space space) throws SQLException {
    return Sql.of(LOCK_COLLECTION, space.collectionId(), space.id())
        .first(connection, row -> row.getString(1));
  }

  /// Deletes a document with its chunks and embeddings.
  ///
  /// @return false if it does not exist
  boolean delete(long collectionId, UUID id) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(connection ->
            Sql.of(inPartitions(DELETE, collectionId), collectionId, id).update(connection) > 0);
  }

  /// The chunks of a document as they are stored, in order.
  List<TextChunk> chunks(long collectionId, UUID id) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(connection ->
            Sql.of(inPartitions(CHUNKS_OF_DOCUMENT, collectionId), collectionId, id)
                .list(
                    connection,
                    row ->
                        new TextChunk(
                            row.getInt(1),
                            row.getString(2),
                            row.getInt(3),
                            row.getInt(4),
                            row.getInt(5))));
  }

  /// A statement in the partitions of one collection.
  private static String inPartitions(String sql, long collectionId) {
    return sql.replace("{collection}", Long.toString(collectionId));
  }

  private <T> Optional<T> query(long collectionId, String sql, Binder binder, Reader<T> reader) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(
            connection -> queryOne(connection, inPartitions(sql, collectionId), binder, reader));
  }

  /// Writes a row, and reads it as it is stored.
  ///
  /// @param returned expressions, which `find` reads
  /// @return empty if no row was written
  private <T> Optional<T> write(
      Row row, String sql, String returned, String find, Binder binder, Reader<T> reader) {
    long collectionId = row.collectionId();
    if (returning) {
      return query(collectionId, sql + "RETURNING " + returned, binder, reader);
    }
    int written =
        entityManager
            .unwrap(Session.class)
            .doReturningWork(connection -> {
              try (PreparedStatement statement =
                  connection.prepareStatement(inPartitions(sql, collectionId))) {
                binder.bind(statement);
                return statement.executeUpdate();
              }
            });
    return written == 0
        ? Optional.empty()
        : query(
            collectionId,
            find,
            statement -> {
              statement.setLong(1, collectionId);
              statement.setObject(2, row.id());
            },
            reader);
  }

  private static <T> Optional<T> queryOne(
      Connection connection, String sql, Binder binder, Reader<T> reader) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      binder.bind(statement);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? Optional.of(reader.read(rows)) : Optional.empty();
      }
    }
  }

  private interface Binder {
    void bind(PreparedStatement statement) throws SQLException;
  }

  private interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }
}
