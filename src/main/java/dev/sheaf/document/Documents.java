package dev.sheaf.document;

import dev.sheaf.api.Input;
import dev.sheaf.api.Problem;
import dev.sheaf.api.ProblemType;
import dev.sheaf.collection.Collections;
import dev.sheaf.document.PutResult.Status;
import dev.sheaf.embedding.Embedding;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.GivenVector;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The documents of a collection: put, read, list, delete.
@ApplicationScoped
public class Documents {

  /// What PostgreSQL indexes without trouble, and what a URL carries.
  private static final int MAX_ID_BYTES = 512;

  private final Collections collections;
  private final DocumentTable table;
  private final FilteredDocuments filtered;
  private final EmbeddingModels models;
  private final Chunkers chunkers;

  Documents(
      Collections collections,
      DocumentTable table,
      FilteredDocuments filtered,
      EmbeddingModels models,
      Chunkers chunkers) {
    this.collections = collections;
    this.table = table;
    this.filtered = filtered;
    this.models = models;
    this.chunkers = chunkers;
  }

  /// Stores a document: creates it, replaces what differs, or finds that nothing does. Embedding
  /// happens outside of the transaction, so that no connection waits for the model; all rows are
  /// written in one, so that nobody ever sees half a document.
  ///
  /// @throws Problem when the collection does not exist or the id is not valid
  public PutResult put(String collection, String externalId, DocumentContent content) {
    checkId(externalId);
    Space space = collections.activeSpace(collection);
    EmbeddingModel model = models.forSpace(space);
    Chunker chunker = chunkers.forModel(model);
    var row =
        new DocumentTable.Row(
            space.collectionId(),
            DocumentId.of(space.collectionId(), externalId),
            externalId,
            content.title(),
            content.uri(),
            content.metadata().toString(),
            contentHash(chunker, content));

    Optional<Integer> chunks = QuarkusTransaction.requiringNew().call(() -> table.same(row));
    if (chunks.isPresent()) {
      return new PutResult(externalId, Status.UNCHANGED, chunks.get());
    }
    chunks = QuarkusTransaction.requiringNew().call(() -> table.updateFields(row));
    if (chunks.isPresent()) {
      return new PutResult(externalId, Status.UPDATED, chunks.get());
    }

    List<TextChunk> split = split(chunker, model, content);
    List<float[]> vectors = vectors(model, space, split, content.chunks());
    boolean created =
        QuarkusTransaction.requiringNew()
            .call(() -> write(collection, space, row, content.text(), split, vectors));
    return new PutResult(externalId, created ? Status.CREATED : Status.UPDATED, split.size());
  }

  private static List<TextChunk> split(
      Chunker chunker, EmbeddingModel model, DocumentContent content) {
    if (content.chunks() == null) {
      return chunker.split(content.text());
    }
    var split = new ArrayList<TextChunk>();
    int start = 0;
    for (GivenChunk chunk : content.chunks()) {
      String text = chunk.text();
      int tokens = model.countTokens(text);
      if (chunk.vector() == null && tokens > model.maxTokens()) {
        throw Problem.field(
            "chunks[" + split.size() + "].text",
            "chunks[%d].text has %d tokens, %s reads %d at once; split it, or send text instead of chunks"
                .formatted(split.size(), tokens, model.name(), model.maxTokens()));
      }
      split.add(new TextChunk(split.size(), text, tokens, start, start + text.length()));
      start += text.length() + 1;
    }
    return split;
  }

  /// The vectors that the client gave, and the model's for the other chunks.
  private static List<float[]> vectors(
      EmbeddingModel model, Space space, List<TextChunk> split, @Nullable List<GivenChunk> given) {
    var vectors = new float[split.size()][];
    var missing = new ArrayList<TextChunk>();
    for (TextChunk chunk : split) {
      float[] vector = given == null ? null : given.get(chunk.ordinal()).vector();
      if (vector == null) {
        missing.add(chunk);
      } else {
        vectors[chunk.ordinal()] =
            GivenVector.check("chunks[" + chunk.ordinal() + "].vector", vector, space);
      }
    }
    List<float[]> embedded =
        model.embed(missing.stream().map(TextChunk::text).toList(), EmbeddingModel.Role.DOCUMENT);
    for (int i = 0; i < missing.size(); i++) {
      vectors[missing.get(i).ordinal()] = embedded.get(i);
    }
    return List.of(vectors);
  }

  private boolean write(
      String collection,
      Space space,
      DocumentTable.Row row,
      String text,
      List<TextChunk> split,
      List<float[]> vectors) {
    if (!table.holdCollection(space)) {
      throw Collections.notFound(collection);
    }
    table.upsert(row);
    // Every document has a chunk, so one without any is new.
    boolean created = Chunk.deleteOf(row.collectionId(), row.id()) == 0;
    for (TextChunk part : split) {
      stored(row, text, split, part).persist();
    }
    for (TextChunk part : split) {
      var embedding = new Embedding();
      embedding.spaceId = space.id();
      embedding.collectionId = row.collectionId();
      embedding.documentId = row.id();
      embedding.ordinal = part.ordinal();
      embedding.vector = vectors.get(part.ordinal());
      embedding.persist();
    }
    return created;
  }

  /// A chunk as it is stored: with the white space behind it, and the first with that in front of
  /// it, so that the chunks together are the text, to the letter.
  private static Chunk stored(
      DocumentTable.Row row, String text, List<TextChunk> split, TextChunk part) {
    boolean first = part.ordinal() == 0;
    boolean last = part.ordinal() == split.size() - 1;
    var chunk = new Chunk();
    chunk.collectionId = row.collectionId();
    chunk.documentId = row.id();
    chunk.ordinal = part.ordinal();
    chunk.tokenCount = part.tokenCount();
    chunk.startOffset = first ? 0 : part.startOffset();
    chunk.endOffset =
        last
            ? text.length()
            : Math.max(part.endOffset(), split.get(part.ordinal() + 1).startOffset());
    chunk.text = text.substring(chunk.startOffset, chunk.endOffset);
    return chunk;
  }

  /// One document with its text.
  ///
  /// @throws Problem when the collection or the document does not exist
  public DocumentView get(String collection, String externalId) {
    long collectionId = collections.activeSpace(collection).collectionId();
    UUID id = DocumentId.of(collectionId, externalId);
    return QuarkusTransaction.joiningExisting()
        .call(() -> {
          Document document = Document.findById(new Document.Key(collectionId, id));
          if (document == null) {
            throw notFound(collection, externalId);
          }
          List<Chunk> chunks = Chunk.of(collectionId, id);
          return DocumentView.of(document, text(chunks), chunks.size());
        });
  }

  /// Chunks overlap, and together they cover the document: each adds what lies behind the one
  /// before.
  private static String text(List<Chunk> chunks) {
    var text = new StringBuilder();
    for (Chunk chunk : chunks) {
      text.append(chunk.text, text.length() - chunk.startOffset, chunk.text.length());
    }
    return text.toString();
  }

  /// A page of documents, without their texts, in an order that does not change while documents
  /// come and go.
  ///
  /// @param after the `next` of the page before, or null for the first
  /// @param counted whether to count those of all pages
  public DocumentPage list(
      String collection, Filter filter, int limit, @Nullable String after, boolean counted)
      throws SQLException {
    Space space = collections.activeSpace(collection);
    FilteredDocuments.Page page = filtered.page(space, filter, Cursor.parse(after), limit);
    return new DocumentPage(
        page.documents(),
        page.documents().size() < limit ? null : page.end().toString(),
        counted ? Long.valueOf(filtered.count(space, filter)) : null);
  }

  /// Deletes the documents that meet a filter, all of them or none.
  ///
  /// @return how many they were
  /// @throws Problem when the collection does not exist
  public long delete(String collection, Filter filter) throws SQLException {
    return filtered.delete(collections.activeSpace(collection), filter);
  }

  /// Changes what is not embedded of a document.
  ///
  /// @return the document as it is then, without its text
  /// @throws Problem when the collection or the document does not exist
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
  public void delete(String collection, String externalId) {
    long collectionId = collections.activeSpace(collection).collectionId();
    long deleted =
        QuarkusTransaction.requiringNew()
            .call(() ->
                Document.delete(
                    "collectionId = ?1 AND id = ?2",
                    collectionId,
                    DocumentId.of(collectionId, externalId)));
    if (deleted == 0) {
      throw notFound(collection, externalId);
    }
  }

  private static void checkId(String externalId) {
    Input.storable("id", externalId);
    int bytes = externalId.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_ID_BYTES) {
      throw Problem.parameter(
          "id", "id has " + bytes + " bytes, it must have 1 to " + MAX_ID_BYTES);
    }
    if (externalId.equals(".") || externalId.equals("..")) {
      throw Problem.parameter("id", "id must not be . or .., which no URL can carry");
    }
  }

  private static byte[] contentHash(Chunker chunker, DocumentContent content) {
    var digest = DocumentId.sha256();
    digest.update(chunker.fingerprint().getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    if (content.chunks() != null) {
      for (GivenChunk chunk : content.chunks()) {
        float[] vector = chunk.vector() == null ? new float[0] : chunk.vector();
        ByteBuffer numbers = ByteBuffer.allocate(Float.BYTES * vector.length + 2 * Integer.BYTES);
        numbers.putInt(chunk.text().length()).putInt(vector.length);
        numbers.asFloatBuffer().put(vector);
        digest.update(numbers.array());
      }
      digest.update((byte) 0);
    }
    return digest.digest(content.text().getBytes(StandardCharsets.UTF_8));
  }

  private static Problem notFound(String collection, String externalId) {
    return new Problem(
        ProblemType.DOCUMENT_NOT_FOUND,
        "there is no document " + externalId + " in collection " + collection);
  }
}
