package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import dev.sheaf.audit.AuditAction;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionService.ActiveSpace;
import dev.sheaf.database.Cancellation;
import dev.sheaf.database.Replicas;
import dev.sheaf.database.Replicas.Reads;
import dev.sheaf.database.SessionTimeouts;
import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Base64Vector;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import dev.sheaf.http.Callers;
import dev.sheaf.limits.ClientConnections;
import dev.sheaf.limits.ClientConnections.Client;
import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.LimitsConfig;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.limits.OpenRequests;
import dev.sheaf.limits.WorkKind;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// Exports documents. Each line of the export is a line of an upload that creates the same
/// document.
///
/// The documents are ordered by the bytes of their external IDs. They are read in one transaction,
/// so they are from one snapshot, and only a few are in memory at a time. A thread of its own reads
/// them into an [ExportSpool], so that the transaction does not wait for the client.
@ApplicationScoped
class DocumentExport {

  /// How many ids of documents are fetched at a time.
  private static final int FOUND_DOCUMENTS = 500;

  /// Documents are read in groups of at most this size, or one by one if they are larger.
  private static final long GROUP_BYTES = 128 * 1024;

  private static final int GROUP_SIZE = 100;

  /// A text is in memory as bytes, as the texts of its chunks, as a whole, and as the bytes that
  /// are hashed.
  private static final int COST = 6;

  /// An export has already begun to answer when memory is short, so it rather waits.
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final JsonFactory json = new JsonFactory();
  private final CollectionService collections;
  private final EmbeddingModels models;
  private final Chunkers chunkers;
  private final AgroalDataSource dataSource;
  private final Replicas replicas;
  private final ConcurrencyLimiter limiter;
  private final AuditTrail audit;
  private final MemoryBudget budget;
  private final ExportSpool spool;
  private final OpenRequests exports;
  private final Callers callers;
  private final ClientConnections clients;

  DocumentExport(
      CollectionService collections,
      EmbeddingModels models,
      Chunkers chunkers,
      AgroalDataSource dataSource,
      Replicas replicas,
      ConcurrencyLimiter limiter,
      AuditTrail audit,
      MemoryBudget budget,
      ExportSpool spool,
      LimitsConfig limits,
      Callers callers,
      ClientConnections clients) {
    this.collections = collections;
    this.models = models;
    this.chunkers = chunkers;
    this.dataSource = dataSource;
    this.replicas = replicas;
    this.limiter = limiter;
    this.audit = audit;
    this.budget = budget;
    this.spool = spool;
    this.exports =
        new OpenRequests(
            "exports",
            "sheaf.limits.open-exports",
            limits.openExports(),
            limits.openExportsPerCaller());
    this.callers = callers;
    this.clients = clients;
  }

  /// The lines of an export, which are read from the database while they are written.
  interface ExportedLines {
    /// Writes all lines.
    ///
    /// @throws IOException if writing fails, or the database fails
    void writeTo(OutputStream out) throws IOException;
  }

  /// The documents that match a filter.
  ///
  /// @param vectors whether to include the vectors that the collection's model computed; vectors
  ///   that the client sent are always included
  /// @param after what was written up to this position is exported; `null` for any recent state
  /// @throws dev.sheaf.problem.Problem if the collection does not exist
  ExportedLines lines(
      String collection, Filter filter, boolean vectors, @Nullable LogSequenceNumber after)
      throws SQLException {
    ActiveSpace source = collections.activeSpaceAndSettings(collection);
    Space space = source.space();
    boolean titles = source.settings().searchesTitles();
    try (Connection connection = dataSource.getConnection()) {
      audit.record(
          connection, AuditAction.DOCUMENTS_EXPORTED, collection, Map.of("vectors", vectors));
    }
    EmbeddingModel model = models.forSpace(space);
    Chunker chunker = chunkers.forModel(model);
    String caller = callers.ofRequestOrService().identity();
    Client client = clients.ofRequest();
    return out -> {
      try (ConcurrencyLimiter.Permit _ = exports.open(caller);
          MemoryBudget.Account memory = budget.openForLong()) {
        memory.reserve(ExportSpool.MEMORY);
        ExportSpool.Pipe pipe = spool.open();
        // Closed only after success. Closing completes the JSON, so the export would seem complete.
        JsonGenerator json = this.json.createGenerator(pipe.in());
        json.setRootValueSeparator(new SerializedString(""));
        var writer =
            new Writer(json, model.name(), space.storage(), chunker, titles, vectors, budget);
        ConcurrencyLimiter.Permit permit = limiter.acquire(WorkKind.EXPORT);
        Thread reader =
            Thread.startVirtualThread(() -> {
              try (permit) {
                read(collection, space, after, FilterSql.of(filter), writer, client);
                json.close();
              } catch (Throwable e) {
                pipe.fail(e);
              }
            });
        try {
          throwFailure(
              pipe.copyTo(
                  out,
                  () -> {
                    if (client != null) {
                      client.requirePresent();
                    }
                  }));
        } finally {
          pipe.close();
          reader.join();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    };
  }

  /// Reads the documents. If the client closes its connection, this ends.
  private void read(
      String collection,
      Space space,
      @Nullable LogSequenceNumber after,
      FilterSql filter,
      Writer writer,
      @Nullable Client client)
      throws SQLException, IOException {
    try (Cancellation _ = client == null ? null : client.cover();
        Connection connection =
            collections.onPartitions(
                collection,
                space,
                () -> replicas.read(Reads.EXPORT, after, () -> connection(space)))) {
      if (client != null) {
        client.requirePresent();
      }
      // If the spool is full, the transaction waits for the client, but not for one that is too
      // slow.
      SessionTimeouts.allowAnyTime(connection, Duration.ZERO);
      collections.onPartitions(
          collection,
          space,
          () -> {
            Transactions.run(connection, same -> write(same, space, filter, writer));
            return null;
          });
    }
  }

  /// A connection to a server that has the tables of the space. What is sent cannot be taken back,
  /// so it is the only server that the export reads.
  private Connection connection(Space space) throws SQLException {
    Connection connection = replicas.getConnection();
    try {
      Sql.of("SELECT '%s'::regclass::text".formatted(space.embeddingTable()))
          .list(connection, row -> row.getString(1));
      return connection;
    } catch (SQLException e) {
      try (connection) {
        throw e;
      }
    }
  }

  /// Throws the failure of the thread that reads the documents.
  private static void throwFailure(@Nullable Throwable failure) throws IOException {
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IOException(failure);
    }
  }

  /// A document of the export.
  ///
  /// @param bytes size of its texts, vectors and metadata
  private record Exported(UUID id, long bytes) {}

  /// First finds the documents with their sizes, then reads them in groups, so that memory is
  /// reserved before a document is read.
  private static void write(Connection connection, Space space, FilterSql filter, Writer writer)
      throws SQLException, IOException {
    try (Statement snapshot = connection.createStatement()) {
      snapshot.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    }
    String sql =
        """
        SELECT d.id,
               COALESCE(octet_length(%5$s), 0)
                 + (SELECT COALESCE(sum(octet_length(c.text)), 0) + count(*) * %4$s
                      FROM %3$s c
                     WHERE c.collection_id = d.collection_id
                       AND c.document_id   = d.id)
          FROM %1$s d
         WHERE %2$s
         ORDER BY d.external_id COLLATE "C"
        """
            .formatted(
                space.documentTable(),
                filter.sql(),
                space.chunkTable(),
                space.dimensions() * Float.BYTES,
                StoredMetadata.COLUMN);
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      // With a fetch size and a transaction, pgjdbc uses a cursor.
      select.setFetchSize(FOUND_DOCUMENTS);
      filter.bind(select, 1);
      var group = new ArrayList<Exported>();
      long bytes = 0;
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          var found = new Exported(row.getObject(1, UUID.class), row.getLong(2));
          if (!group.isEmpty()
              && (bytes + found.bytes() > GROUP_BYTES || group.size() == GROUP_SIZE)) {
            write(connection, space, group, writer);
            group.clear();
            bytes = 0;
          }
          group.add(found);
          bytes += found.bytes();
        }
      }
      if (!group.isEmpty()) {
        write(connection, space, group, writer);
      }
    }
  }

  private static void write(Connection connection, Space space, List<Exported> group, Writer writer)
      throws SQLException, IOException {
    // The chunks and embeddings of each document are found by the primary keys of their partitions.
    String sql =
        """
        SELECT d.external_id, d.title, d.uri, %6$s, d.content_hash, c.texts, c.starts, c.vectors, d.id
          FROM %1$s d
         CROSS JOIN LATERAL (
                 SELECT array_agg(c.text ORDER BY c.ordinal)         AS texts,
                        array_agg(c.start_offset ORDER BY c.ordinal) AS starts,
                        string_agg(vector_send(e.vector::vector), ''::bytea ORDER BY c.ordinal) AS vectors
                   FROM %2$s c
                   JOIN %3$s e ON e.space_id    = %4$s
                              AND e.document_id = c.document_id
                              AND e.ordinal     = c.ordinal
                  WHERE c.collection_id = %5$s
                    AND c.document_id   = d.id) c
         WHERE d.collection_id = %5$s
           AND d.id = ANY (?)
         ORDER BY d.external_id COLLATE "C"
        """
            .formatted(
                space.documentTable(),
                space.chunkTable(),
                space.embeddingTable(),
                space.id(),
                space.collectionId(),
                StoredMetadata.COLUMN);
    long bytes = group.stream().mapToLong(Exported::bytes).sum();
    try (MemoryBudget.Account memory = writer.budget().open();
        PreparedStatement select = connection.prepareStatement(sql)) {
      memory.reserve(bytes * COST + GROUP_BYTES, PATIENCE);
      select.setArray(
          1,
          connection.createArrayOf("uuid", group.stream().map(Exported::id).toArray(UUID[]::new)));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String metadata = row.getString(4);
          writer.line(
              row,
              metadata == null
                  ? StoredMetadata.read(
                      connection, space.collectionId(), row.getObject(9, UUID.class), memory)
                  : metadata);
        }
      }
    }
  }

  /// Writes one line for each row.
  ///
  /// @param model the name of the collection's model
  /// @param storage of the vectors
  /// @param chunker the chunker for that model
  /// @param titles whether titles are searched with the texts
  /// @param embedded whether to include the vectors that the model computed
  /// @param budget reserves memory for the documents
  private record Writer(
      JsonGenerator json,
      String model,
      VectorStorage storage,
      Chunker chunker,
      boolean titles,
      boolean embedded,
      MemoryBudget budget) {

    void line(ResultSet row, String metadata) throws SQLException, IOException {
      json.writeStartObject();
      json.writeStringField("id", row.getString(1));
      string("title", row.getString(2));
      string("uri", row.getString(3));
      json.writeFieldName("metadata");
      json.writeRawValue(metadata);
      content(
          row.getBytes(5),
          DocumentPreparer.searchedTitle(row.getString(2), titles),
          List.of((String[]) row.getArray(6).getArray()),
          List.of((Integer[]) row.getArray(7).getArray()),
          vectors(row.getBytes(8)));
      json.writeEndObject();
      json.writeRaw('\n');
    }

    private void string(String field, @Nullable String value) throws IOException {
      if (value != null) {
        json.writeStringField(field, value);
      }
    }

    /// Writes what the client sent: a text, or chunks with or without vectors. The content hash
    /// tells which.
    private void content(
        byte[] hash,
        @Nullable String title,
        List<String> texts,
        List<Integer> starts,
        List<float[]> vectors)
        throws IOException {
      String text = Chunk.text(texts, starts);
      String ofChunker = ContentHash.withTitle(chunker.fingerprint(), title);
      if (Arrays.equals(hash, ContentHash.ofText(text, ofChunker))) {
        json.writeStringField("text", text);
        embedded(vectors);
        return;
      }
      boolean possible = areClientChunks(texts, starts);
      List<ClientChunk> withoutVectors = possible ? clientChunks(texts, i -> null) : List.of();
      List<ClientChunk> withVectors = possible ? clientChunks(texts, vectors::get) : List.of();
      String ofModel = ContentHash.withTitle(model, title);
      if (Arrays.equals(hash, ContentHash.ofChunks(withoutVectors, ofModel, storage))) {
        chunks(withoutVectors);
        embedded(vectors);
      } else if (Arrays.equals(hash, ContentHash.ofChunks(withVectors, ofModel, storage))
          || withVectors.size() > 1) {
        // The client may have sent vectors for some chunks only. Now all chunks have one.
        chunks(withVectors);
      } else {
        // The text was split with other settings of sheaf.chunking.
        json.writeStringField("text", text);
      }
    }

    /// Whether these may be chunks that a client sent: their texts are joined by line feeds and do
    /// not overlap.
    private static boolean areClientChunks(List<String> texts, List<Integer> starts) {
      for (int i = 0; i + 1 < texts.size(); i++) {
        String text = texts.get(i);
        if (!text.endsWith("\n") || starts.get(i) + text.length() != starts.get(i + 1)) {
          return false;
        }
      }
      return texts.stream().allMatch(ClientChunk::isShortEnough);
    }

    private static List<ClientChunk> clientChunks(
        List<String> texts, IntFunction<float @Nullable []> vectors) {
      return IntStream.range(0, texts.size())
          .mapToObj(i -> {
            String text = texts.get(i);
            boolean last = i + 1 == texts.size();
            return new ClientChunk(
                last ? text : text.substring(0, text.length() - 1), vectors.apply(i));
          })
          .toList();
    }

    private void chunks(List<ClientChunk> chunks) throws IOException {
      json.writeArrayFieldStart("chunks");
      for (ClientChunk chunk : chunks) {
        json.writeStartObject();
        json.writeStringField("text", chunk.text());
        if (chunk.vector() != null) {
          json.writeStringField("vector", Base64Vector.encode(chunk.vector()));
        }
        json.writeEndObject();
      }
      json.writeEndArray();
    }

    private void embedded(List<float[]> vectors) throws IOException {
      if (!embedded) {
        return;
      }
      json.writeObjectFieldStart("embedded");
      json.writeStringField("by", DocumentPreparer.fingerprint(chunker, titles));
      json.writeArrayFieldStart("vectors");
      for (float[] vector : vectors) {
        json.writeString(Base64Vector.encode(vector));
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  /// Decodes concatenated vectors in pgvector's binary format: the number of dimensions, an unused
  /// number, the components.
  private static List<float[]> vectors(byte[] encoded) {
    var vectors = new ArrayList<float[]>();
    for (ByteBuffer bytes = ByteBuffer.wrap(encoded); bytes.hasRemaining(); ) {
      float[] vector = new float[bytes.getShort()];
      bytes.getShort();
      bytes.asFloatBuffer().get(vector);
      bytes.position(bytes.position() + vector.length * Float.BYTES);
      vectors.add(vector);
    }
    return vectors;
  }
}
