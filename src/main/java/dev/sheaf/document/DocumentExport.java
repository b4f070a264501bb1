package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Base64Vector;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.Predicate;
import dev.sheaf.limits.ConcurrencyLimiter;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Documents on their way out, each as the line of an upload that makes the same document again.
///
/// They come in the order of their ids, byte by byte, from one statement and so from one moment, a
/// few at a time.
@ApplicationScoped
class DocumentExport {

  /// Any of them may be as long as the longest line of an upload, and all that are fetched at once
  /// are in memory together.
  private static final int FETCHED = 2;

  private final JsonFactory json = new JsonFactory();
  private final CollectionService collections;
  private final EmbeddingModels models;
  private final Chunkers chunkers;
  private final AgroalDataSource dataSource;
  private final ConcurrencyLimiter turnstile;

  DocumentExport(
      CollectionService collections,
      EmbeddingModels models,
      Chunkers chunkers,
      AgroalDataSource dataSource,
      ConcurrencyLimiter turnstile) {
    this.collections = collections;
    this.models = models;
    this.chunkers = chunkers;
    this.dataSource = dataSource;
    this.turnstile = turnstile;
  }

  /// Lines that are read while they are written.
  interface Lines {
    /// Writes all of them.
    ///
    /// @throws IOException when they cannot be written, or not be read to their end
    void writeTo(OutputStream out) throws IOException;
  }

  /// The documents that meet a filter.
  ///
  /// @param vectors whether with what the collection's model made of them; what the client gave is
  ///   always there
  /// @throws dev.sheaf.problem.Problem when the collection does not exist
  Lines lines(String collection, Filter filter, boolean vectors) {
    Space space = collections.activeSpace(collection);
    EmbeddingModel model = models.forSpace(space);
    String chunker = chunkers.forModel(model).fingerprint();
    return out -> {
      // Never closed: closed over a failure, what was written would look whole.
      JsonGenerator line =
          json.createGenerator(out).setRootValueSeparator(new SerializedString(""));
      try (ConcurrencyLimiter.Place _ = turnstile.enter(WorkKind.EXPORT);
          Connection connection = dataSource.getConnection()) {
        NetworkTimeouts.allowAnyTime(connection);
        var writer = new Writer(line, model.name(), chunker, vectors);
        collections.onPartitions(
            collection,
            space,
            () ->
                Transactions.call(
                    connection, same -> write(same, space, Predicate.of(filter), writer)));
      } catch (SQLException e) {
        throw new IOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
      line.flush();
    };
  }

  /// @return how many lines there are
  private static long write(Connection connection, Space space, Predicate predicate, Writer writer)
      throws SQLException, IOException {
    // Of the documents only the rows are sorted. Chunks and embeddings are then found for each by
    // the
    // primary keys of their partitions.
    String sql =
        """
        SELECT d.external_id, d.title, d.uri, d.metadata, d.content_hash, c.texts, c.starts, c.vectors
          FROM (SELECT * FROM %1$s d WHERE %2$s ORDER BY d.external_id COLLATE "C") d
         CROSS JOIN LATERAL (
                 SELECT array_agg(c.text ORDER BY c.ordinal)         AS texts,
                        array_agg(c.start_offset ORDER BY c.ordinal) AS starts,
                        string_agg(vector_send(e.vector), ''::bytea ORDER BY c.ordinal) AS vectors
                   FROM %3$s c
                   JOIN %4$s e ON e.space_id    = %5$s
                              AND e.document_id = c.document_id
                              AND e.ordinal     = c.ordinal
                  WHERE c.collection_id = %6$s
                    AND c.document_id   = d.id) c
         ORDER BY d.external_id COLLATE "C"
        """
            .formatted(
                space.documentTable(),
                predicate.sql(),
                space.chunkTable(),
                space.embeddingTable(),
                space.id(),
                space.collectionId());
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      // Together with the transaction this is what makes it a cursor.
      select.setFetchSize(FETCHED);
      predicate.bind(select, 1);
      long lines = 0;
      try (ResultSet row = select.executeQuery()) {
        for (; row.next(); lines++) {
          writer.line(row);
        }
      }
      return lines;
    }
  }

  /// Writes one line for each row.
  ///
  /// @param model of the collection
  /// @param chunker fingerprint of the one for that model
  /// @param embedded whether with the vectors that the model made
  private record Writer(JsonGenerator json, String model, String chunker, boolean embedded) {

    void line(ResultSet row) throws SQLException, IOException {
      json.writeStartObject();
      json.writeStringField("id", row.getString(1));
      string("title", row.getString(2));
      string("uri", row.getString(3));
      json.writeFieldName("metadata");
      json.writeRawValue(row.getString(4));
      content(
          row.getBytes(5),
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

    /// What the client gave: a text, or chunks of its own, with vectors or without. The hash of the
    /// content tells which.
    private void content(
        byte[] hash, List<String> texts, List<Integer> starts, List<float[]> vectors)
        throws IOException {
      String text = Chunk.text(texts, starts);
      if (Arrays.equals(hash, ContentHash.ofText(text, chunker))) {
        json.writeStringField("text", text);
        embedded(vectors);
        return;
      }
      boolean apart = areApart(texts, starts);
      List<ClientChunk> bare = apart ? given(texts, i -> null) : List.of();
      List<ClientChunk> whole = apart ? given(texts, vectors::get) : List.of();
      if (Arrays.equals(hash, ContentHash.ofChunks(bare, model))) {
        chunks(bare);
        embedded(vectors);
      } else if (Arrays.equals(hash, ContentHash.ofChunks(whole, model)) || whole.size() > 1) {
        // Of several chunks some may have had no vector; all have one now.
        chunks(whole);
      } else {
        // Split when sheaf.chunking was another, as it would not be again.
        json.writeStringField("text", text);
      }
    }

    /// Whether these may be chunks that a client gave: their texts stand one below the other.
    private static boolean areApart(List<String> texts, List<Integer> starts) {
      for (int i = 0; i + 1 < texts.size(); i++) {
        String text = texts.get(i);
        if (!text.endsWith("\n") || starts.get(i) + text.length() != starts.get(i + 1)) {
          return false;
        }
      }
      return texts.stream().allMatch(ClientChunk::isShortEnough);
    }

    private static List<ClientChunk> given(
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
      json.writeStringField("by", chunker);
      json.writeArrayFieldStart("vectors");
      for (float[] vector : vectors) {
        json.writeString(Base64Vector.encode(vector));
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  /// pgvector's own form, one behind the other: the dimensions, a number for later use, the
  /// numbers.
  private static List<float[]> vectors(byte[] sent) {
    var vectors = new ArrayList<float[]>();
    for (ByteBuffer bytes = ByteBuffer.wrap(sent); bytes.hasRemaining(); ) {
      float[] vector = new float[bytes.getShort()];
      bytes.getShort();
      bytes.asFloatBuffer().get(vector);
      bytes.position(bytes.position() + vector.length * Float.BYTES);
      vectors.add(vector);
    }
    return vectors;
  }
}
