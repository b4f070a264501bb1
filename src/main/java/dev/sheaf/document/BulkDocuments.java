package dev.sheaf.document;

import dev.sheaf.collection.CollectionService;
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
import java.util.SequencedMap;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Puts many documents at once: what one `PUT` for each would do, in a few statements for all.
///
/// New documents, and the chunks of all that differ from what is stored, are loaded by binary
/// `COPY`, straight into the partitions, because routing rows through their parents costs more than
/// storing them. The row of a document that is there already is changed and not replaced, so that
/// whoever waits for it finds it.
@ApplicationScoped
public class BulkDocuments {

  private static final String DOCUMENT_COLUMNS =
      "collection_id, id, external_id, title, uri, metadata, content_hash, created_at, updated_at";
  private static final String CHUNK_COLUMNS =
      "collection_id, document_id, ordinal, text, token_count, start_offset, end_offset";
  private static final String EMBEDDING_COLUMNS =
      "space_id, collection_id, document_id, ordinal, vector";

  private final DataSource dataSource;
  private final EmbeddingModels models;
  private final Chunkers chunkers;

  BulkDocuments(AgroalDataSource dataSource, EmbeddingModels models, Chunkers chunkers) {
    this.dataSource = dataSource;
    this.models = models;
    this.chunkers = chunkers;
  }

  /// What became of a document.
  public enum Status {
    CREATED,
    UPDATED,
    UNCHANGED,
    /// An earlier batch of the same load wrote it; this one is its last word.
    REPLACED
  }

  /// Documents of which everything is known but whether they can be written.
  public static final class Prepared {
    private final String collection;
    private final Space space;
    private final SequencedMap<UUID, Row> rows = new LinkedHashMap<>();
    private final Map<UUID, PreparedDocument> drafts = new HashMap<>();
    private final Map<String, Problem> refused = new LinkedHashMap<>();

    private Prepared(String collection, Space space) {
      this.collection = collection;
      this.space = space;
    }

    /// The documents that cannot be stored, by the client's id, and why; the others can.
    public Map<String, Problem> refused() {
      return refused;
    }

    private void refuse(Row row, Problem problem) {
      rows.remove(row.id());
      drafts.remove(row.id());
      refused.put(row.externalId(), problem);
    }
  }

  /// What was written.
  ///
  /// @param statuses by the client's id
  /// @param at when, by the server's clock
  public record Written(Map<String, Status> statuses, Instant at) {}

  /// What is stored under the id of a row, compared with the row.
  private record Stored(boolean sameContent, boolean sameFields, Instant updatedAt) {}

  /// Splits and embeds what differs from what is stored. Holds no connection while it embeds.
  ///
  /// @param space the active one of the collection
  /// @param documents by the client's id
  /// @throws dev.sheaf.embedding.EmbeddingException when the model cannot be used at all
  public Prepared prepare(String collection, Space space, Map<String, DocumentContent> documents)
      throws SQLException {
    EmbeddingModel model = models.forSpace(space);
    var preparation = new DocumentPreparer(space, model, chunkers.forModel(model));
    var prepared = new Prepared(collection, space);
    documents.forEach((externalId, content) -> {
      try {
        Row row = preparation.row(externalId, content);
        prepared.rows.put(row.id(), row);
      } catch (Problem problem) {
        prepared.refused.put(externalId, problem);
      }
    });
    Map<UUID, Stored> stored = lookBeforeEmbedding(prepared, documents);
    for (Row row : List.copyOf(prepared.rows.values())) {
      Stored known = stored.get(row.id());
      if (known == null || !known.sameContent()) {
        DocumentContent content = Objects.requireNonNull(documents.get(row.externalId()));
        try {
          prepared.drafts.put(row.id(), preparation.draft(row, content));
        } catch (Problem problem) {
          prepared.refuse(row, problem);
        }
      }
    }
    embed(preparation, prepared, List.copyOf(prepared.drafts.values()));
    return prepared;
  }

  /// What comes with its vectors costs less to prepare than to look for.
  private Map<UUID, Stored> lookBeforeEmbedding(
      Prepared prepared, Map<String, DocumentContent> documents) throws SQLException {
    List<Row> costly =
        prepared.rows.values().stream()
            .filter(row -> !isWhole(Objects.requireNonNull(documents.get(row.externalId()))))
            .toList();
    if (costly.isEmpty()) {
      return Map.of();
    }
    try (Connection connection = dataSource.getConnection()) {
      return look(connection, prepared.space, costly);
    }
  }

  private static boolean isWhole(DocumentContent content) {
    return content.chunks() != null
        && content.chunks().stream().allMatch(chunk -> chunk.vector() != null);
  }

  /// All at once; when the model refuses one of them, either half by itself, to find which.
  private static void embed(
      DocumentPreparer preparation, Prepared prepared, List<PreparedDocument> drafts) {
    try {
      preparation.embed(drafts);
    } catch (Problem refusal) {
      if (drafts.size() == 1) {
        prepared.refuse(drafts.getFirst().row(), refusal);
        return;
      }
      int half = drafts.size() / 2;
      embed(preparation, prepared, drafts.subList(0, half));
      embed(preparation, prepared, drafts.subList(half, drafts.size()));
    }
  }

  /// Writes what was prepared, in the transaction of the caller.
  ///
  /// @param own when the same load has written before, by [Written#at]
  /// @throws Problem when the collection has been dropped
  /// @throws SQLException when another has written one of these documents meanwhile; of SQLSTATE
  ///   class 40, or 23505. It can be prepared and written again then.
  public Written write(Connection connection, Prepared prepared, Set<Instant> own)
      throws SQLException {
    Space space = prepared.space;
    Instant now = hold(connection, prepared);
    Map<UUID, Stored> stored = look(connection, space, prepared.rows.values());
    var statuses = new HashMap<String, Status>();
    var fields = new ArrayList<Row>();
    var drafts = new ArrayList<PreparedDocument>();
    for (Row row : prepared.rows.values()) {
      Stored known = stored.get(row.id());
      if (known != null && known.sameContent()) {
        if (!known.sameFields()) {
          fields.add(row);
        }
        statuses.put(row.externalId(), known.sameFields() ? Status.UNCHANGED : Status.UPDATED);
      } else {
        PreparedDocument draft = prepared.drafts.get(row.id());
        if (draft == null) {
          throw changedMeanwhile(row);
        }
        drafts.add(draft);
        statuses.put(row.externalId(), known == null ? Status.CREATED : Status.UPDATED);
      }
      if (known != null && own.contains(known.updatedAt())) {
        statuses.put(row.externalId(), Status.REPLACED);
      }
    }
    if (!fields.isEmpty()) {
      update(connection, space, fields, "AND d.content_hash = x.content_hash");
    }
    if (!drafts.isEmpty()) {
      load(connection, space, drafts, stored.keySet(), now);
    }
    return new Written(statuses, now);
  }

  private static Instant hold(Connection connection, Prepared prepared) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(DocumentTable.HOLD_COLLECTION)) {
      statement.setLong(1, prepared.space.collectionId());
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next() || row.getLong(1) != prepared.space.id()) {
          throw CollectionService.notFound(prepared.collection);
        }
      }
    }
    try (PreparedStatement statement = connection.prepareStatement("SELECT now()");
        ResultSet row = statement.executeQuery()) {
      row.next();
      return instant(row, 1);
    }
  }

  /// What is stored of these documents. Finds each by the primary key of the partition.
  private static Map<UUID, Stored> look(Connection connection, Space space, Collection<Row> rows)
      throws SQLException {
    var stored = new HashMap<UUID, Stored>();
    String sql =
        """
        SELECT d.id,
               d.content_hash = x.content_hash,
               d.title IS NOT DISTINCT FROM x.title
                 AND d.uri IS NOT DISTINCT FROM x.uri
                 AND d.metadata = x.metadata::jsonb,
               d.updated_at
          FROM unnest(?::uuid[], ?::bytea[], ?::text[], ?::text[], ?::text[])
            AS x (id, content_hash, title, uri, metadata)
          JOIN %s d ON d.collection_id = %s AND d.id = x.id
        """
            .formatted(space.documentTable(), space.collectionId());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, rows);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          stored.put(
              row.getObject(1, UUID.class),
              new Stored(row.getBoolean(2), row.getBoolean(3), instant(row, 4)));
        }
      }
    }
    return stored;
  }

  /// @param condition what else has to be so of each
  private static void update(Connection connection, Space space, List<Row> rows, String condition)
      throws SQLException {
    String sql =
        """
        UPDATE %s d
           SET title        = x.title,
               uri          = x.uri,
               metadata     = x.metadata::jsonb,
               content_hash = x.content_hash,
               updated_at   = now()
          FROM unnest(?::uuid[], ?::bytea[], ?::text[], ?::text[], ?::text[])
            AS x (id, content_hash, title, uri, metadata)
         WHERE d.collection_id = %s
           AND d.id            = x.id
               %s
        """
            .formatted(space.documentTable(), space.collectionId(), condition);
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, rows);
      if (statement.executeUpdate() != rows.size()) {
        throw changedMeanwhile(rows.getFirst());
      }
    }
  }

  private static void load(
      Connection connection,
      Space space,
      List<PreparedDocument> drafts,
      Set<UUID> stored,
      Instant now)
      throws SQLException {
    // In one order, so that two loads of the same documents seldom wait for each other in a ring.
    List<Row> replaced =
        drafts.stream()
            .map(PreparedDocument::row)
            .filter(row -> stored.contains(row.id()))
            .sorted(Comparator.comparing(Row::id))
            .toList();
    if (!replaced.isEmpty()) {
      update(connection, space, replaced, "");
      deleteChunks(connection, space, replaced);
    }
    try (BinaryCopy copy = BinaryCopy.into(connection, space.documentTable(), DOCUMENT_COLUMNS)) {
      for (PreparedDocument draft : drafts) {
        Row row = draft.row();
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
            .bytea(row.contentHash())
            .timestamptz(now)
            .timestamptz(now);
      }
      copy.finish();
    }
    try (BinaryCopy copy = BinaryCopy.into(connection, space.chunkTable(), CHUNK_COLUMNS)) {
      for (PreparedDocument draft : drafts) {
        for (TextChunk part : draft.split()) {
          TextChunk chunk = draft.stored(part);
          copy.row()
              .bigint(space.collectionId())
              .uuid(draft.row().id())
              .integer(chunk.ordinal())
              .text(chunk.text())
              .integer(chunk.tokenCount())
              .integer(chunk.startOffset())
              .integer(chunk.endOffset());
        }
      }
      copy.finish();
    }
    try (BinaryCopy copy = BinaryCopy.into(connection, space.embeddingTable(), EMBEDDING_COLUMNS)) {
      for (PreparedDocument draft : drafts) {
        for (int ordinal = 0; ordinal < draft.vectors().length; ordinal++) {
          copy.row()
              .bigint(space.id())
              .bigint(space.collectionId())
              .uuid(draft.row().id())
              .integer(ordinal)
              .vector(draft.vectors()[ordinal]);
        }
      }
      copy.finish();
    }
  }

  /// Deletes the chunks of documents, embeddings with them.
  private static void deleteChunks(Connection connection, Space space, List<Row> rows)
      throws SQLException {
    String sql =
        """
        DELETE FROM %s
         WHERE collection_id = %s
           AND document_id   = ANY(?)
        """
            .formatted(space.chunkTable(), space.collectionId());
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setArray(1, array(statement, "uuid", rows, Row::id, UUID[]::new));
      statement.executeUpdate();
    }
  }

  private static void bind(PreparedStatement statement, Collection<Row> rows) throws SQLException {
    statement.setArray(1, array(statement, "uuid", rows, Row::id, UUID[]::new));
    statement.setArray(2, array(statement, "bytea", rows, Row::contentHash, byte[][]::new));
    statement.setArray(3, array(statement, "text", rows, Row::title, String[]::new));
    statement.setArray(4, array(statement, "text", rows, Row::uri, String[]::new));
    statement.setArray(5, array(statement, "text", rows, Row::metadata, String[]::new));
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

  private static SQLException changedMeanwhile(Row row) {
    return new SQLException(
        "document " + row.id() + " was changed meanwhile", SqlStates.SERIALIZATION_FAILURE);
  }
}
