package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.problem.Problem;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.Session;
import org.jspecify.annotations.Nullable;

/// Statements on the table `document` that compare, insert and update in one step, which entities
/// cannot do. All run in the transaction of the caller, and find their row by `document_pkey`.
@ApplicationScoped
class DocumentTable {

  private static final String FIND_UNCHANGED =
      """
      SELECT (SELECT count(*) FROM chunk c WHERE c.collection_id = d.collection_id AND c.document_id = d.id)
        FROM document d
       WHERE collection_id = ?
         AND id            = ?
         AND content_hash  = ?
         AND title IS NOT DISTINCT FROM ?
         AND uri   IS NOT DISTINCT FROM ?
         AND metadata      = ?::jsonb
      """;

  private static final String UPDATE_FIELDS =
      """
         UPDATE document d
            SET title      = ?,
                uri        = ?,
                metadata   = ?::jsonb,
                updated_at = now()
          WHERE collection_id = ?
            AND id            = ?
            AND content_hash  = ?
      RETURNING (SELECT count(*) FROM chunk c WHERE c.collection_id = d.collection_id AND c.document_id = d.id)
      """;

  private static final String UPSERT =
      """
      INSERT INTO document (collection_id, id, external_id, title, uri, metadata, content_hash)
           VALUES (?, ?, ?, ?, ?, ?::jsonb, ?)
      ON CONFLICT (collection_id, id) DO UPDATE
              SET title        = excluded.title,
                  uri          = excluded.uri,
                  metadata     = excluded.metadata,
                  content_hash = excluded.content_hash,
                  updated_at   = now()
      """;

  /// Both tables get the collection as a parameter, so that one partition of each is planned.
  private static final String FIND =
      """
      SELECT d.external_id, d.title, d.uri, %s, d.created_at, d.updated_at, c.count, c.characters, c.bytes
        FROM document d
       CROSS JOIN (SELECT count(*)                                 AS count,
                          COALESCE(max(end_offset), 0)             AS characters,
                          COALESCE(sum(octet_length(text)), 0)     AS bytes
                     FROM chunk
                    WHERE collection_id = ?
                      AND document_id   = ?) c
       WHERE d.collection_id = ?
         AND d.id            = ?
      """
          .formatted(StoredMetadata.COLUMN);

  private static final String TEXTS =
      """
      SELECT text, start_offset
        FROM chunk
       WHERE collection_id = ?
         AND document_id   = ?
       ORDER BY ordinal
      """;

  /// How many chunks are in memory beside the text that they are joined to.
  private static final int FETCHED_CHUNKS = 100;

  private static final String LOCK =
      """
      SELECT
        FROM document
       WHERE collection_id = ?
         AND id            = ?
         FOR UPDATE
      """;

  private static final String REPLACE_FIELDS =
      """
      UPDATE document
         SET title      = ?,
             uri        = ?,
             metadata   = COALESCE(?::jsonb, metadata),
             updated_at = now()
       WHERE collection_id = ?
         AND id            = ?
      """;

  static final String LOCK_COLLECTION =
      """
      SELECT active_space_id
        FROM collection
       WHERE id = ?
         FOR KEY SHARE
      """;

  private static final int TREE_BYTES_PER_CHARACTER = 35;

  /// Reads stored metadata, which is not limited as that of clients.
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final EntityManager entityManager;

  DocumentTable(EntityManager entityManager) {
    this.entityManager = entityManager;
  }

  /// A row of the table `document`.
  ///
  /// @param metadata a JSON object
  /// @param contentHash a [ContentHash], 32 bytes
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Row(
      long collectionId,
      UUID id,
      String externalId,
      @Nullable String title,
      @Nullable String uri,
      String metadata,
      byte[] contentHash) {}

  /// The number of chunks of the stored document; empty if it differs from `row` or does not exist.
  Optional<Integer> findUnchanged(Row row) {
    return query(
        FIND_UNCHANGED,
        statement -> {
          statement.setLong(1, row.collectionId());
          statement.setObject(2, row.id());
          statement.setBytes(3, row.contentHash());
          statement.setString(4, row.title());
          statement.setString(5, row.uri());
          statement.setString(6, row.metadata());
        },
        rows -> rows.getInt(1));
  }

  /// Replaces title, uri and metadata, if the content hash is the same.
  ///
  /// @return the number of chunks; empty if the content differs or the document does not exist
  Optional<Integer> updateFields(Row row) {
    return query(
        UPDATE_FIELDS,
        statement -> {
          statement.setString(1, row.title());
          statement.setString(2, row.uri());
          statement.setString(3, row.metadata());
          statement.setLong(4, row.collectionId());
          statement.setObject(5, row.id());
          statement.setBytes(6, row.contentHash());
        },
        rows -> rows.getInt(1));
  }

  /// Inserts or replaces the row, and locks it until the end of the transaction.
  void upsert(Row row) {
    entityManager
        .unwrap(Session.class)
        .doWork(connection -> {
          try (PreparedStatement statement = connection.prepareStatement(UPSERT)) {
            statement.setLong(1, row.collectionId());
            statement.setObject(2, row.id());
            statement.setString(3, row.externalId());
            statement.setString(4, row.title());
            statement.setString(5, row.uri());
            statement.setString(6, row.metadata());
            statement.setBytes(7, row.contentHash());
            statement.executeUpdate();
          }
        });
  }

  /// A stored document without its text.
  ///
  /// @param view without text
  /// @param chunks the number of chunks
  /// @param characters length of the text, in UTF-16 code units
  /// @param bytes length of the texts of all chunks in UTF-8
  record Stored(DocumentView view, int chunks, int characters, long bytes) {}

  /// Reads a document without its text.
  ///
  /// @param memory reserves memory for unusually long metadata
  Optional<Stored> find(long collectionId, UUID id, MemoryBudget.Account memory) {
    Optional<Stored> stored =
        query(
            FIND,
            statement -> {
              statement.setLong(1, collectionId);
              statement.setObject(2, id);
              statement.setLong(3, collectionId);
              statement.setObject(4, id);
            },
            row ->
                new Stored(
                    new DocumentView(
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        null,
                        null,
                        row.getObject(5, OffsetDateTime.class).toInstant(),
                        row.getObject(6, OffsetDateTime.class).toInstant()),
                    row.getInt(7),
                    row.getInt(8),
                    row.getLong(9)));
    if (stored.isEmpty() || stored.get().view().metadata() != null) {
      return stored;
    }
    String metadata =
        entityManager
            .unwrap(Session.class)
            .doReturningWork(
                connection -> StoredMetadata.read(connection, collectionId, id, memory));
    Stored found = stored.get();
    return Optional.of(
        new Stored(
            found.view().withMetadata(metadata),
            found.chunks(),
            found.characters(),
            found.bytes()));
  }

  /// Reads the text of a document, from the snapshot in which it was found.
  String text(long collectionId, UUID id, Stored stored) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(connection -> {
          try (PreparedStatement select = connection.prepareStatement(TEXTS)) {
            select.setLong(1, collectionId);
            select.setObject(2, id);
            select.setFetchSize(FETCHED_CHUNKS);
            var text = new StringBuilder(stored.characters());
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
  Optional<DocumentView> update(
      long collectionId, UUID id, UpdateDocument update, MemoryBudget.Account memory) {
    boolean locked =
        query(
                LOCK,
                statement -> {
                  statement.setLong(1, collectionId);
                  statement.setObject(2, id);
                },
                row -> true)
            .orElse(false);
    if (!locked) {
      return Optional.empty();
    }
    DocumentView document = find(collectionId, id, memory).orElseThrow().view();
    String metadata = update.changesMetadata() ? merged(document.metadata(), update, memory) : null;
    entityManager
        .unwrap(Session.class)
        .doWork(connection -> {
          try (PreparedStatement statement = connection.prepareStatement(REPLACE_FIELDS)) {
            statement.setString(1, update.title(document.title()));
            statement.setString(2, update.uri(document.uri()));
            statement.setString(3, metadata);
            statement.setLong(4, collectionId);
            statement.setObject(5, id);
            statement.executeUpdate();
          }
        });
    return find(collectionId, id, memory).map(Stored::view);
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
  /// @return false if the collection was dropped or its space replaced
  boolean lockCollection(Space space) {
    return query(
            LOCK_COLLECTION,
            statement -> statement.setLong(1, space.collectionId()),
            rows -> rows.getLong(1) == space.id())
        .orElse(false);
  }

  private <T> Optional<T> query(String sql, Binder binder, Reader<T> reader) {
    return entityManager
        .unwrap(Session.class)
        .doReturningWork(connection -> queryOne(connection, sql, binder, reader));
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
