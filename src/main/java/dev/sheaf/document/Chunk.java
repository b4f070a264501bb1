package dev.sheaf.document;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The entity of a chunk: a part of a document's text that the model embeds as one vector. The
/// service reads and writes chunks with [DocumentTable], in the partition of their collection.
@Entity
@Table(name = "chunk")
@IdClass(Chunk.ChunkKey.class)
public class Chunk extends PanacheEntityBase {

  private static final String IN_DOCUMENT = "collectionId = constant(?1) and documentId = ?2";

  @Id
  @Column(name = "collection_id")
  public long collectionId;

  @Id
  @Column(name = "document_id")
  public UUID documentId;

  @Id @Column public int ordinal;

  @Column public String text;

  /// The title that is searched with the text; absent unless the collection has `titles`.
  @Column public @Nullable String title;

  @Column(name = "token_count")
  public int tokenCount;

  @Column(name = "start_offset")
  public int startOffset;

  @Column(name = "end_offset")
  public int endOffset;

  /// The primary key of a chunk.
  ///
  /// @param ordinal the position of the chunk in its document, from 0
  public record ChunkKey(long collectionId, UUID documentId, int ordinal) {}

  /// The chunks of a document, in order.
  public static List<Chunk> of(Document document) {
    return list(IN_DOCUMENT + " order by ordinal", document.collectionId, document.id);
  }

  /// A chunk of a document with its neighbours, in order; fewer at the start and at the end.
  ///
  /// @param before how many chunks before it
  /// @param after how many chunks after it
  public static List<Chunk> around(Document document, int ordinal, int before, int after) {
    return list(
        IN_DOCUMENT + " and ordinal between ?3 and ?4 order by ordinal",
        document.collectionId,
        document.id,
        ordinal - before,
        ordinal + after);
  }

  /// Joins the chunks of a document to its text. Each chunk contributes the part that the previous
  /// chunks do not contain.
  ///
  /// @param texts the texts of all chunks, in order
  /// @param starts the start offsets of all chunks, in UTF-16 code units
  static String text(List<String> texts, List<Integer> starts) {
    var text = new StringBuilder();
    for (int i = 0; i < texts.size(); i++) {
      append(text, texts.get(i), starts.get(i));
    }
    return text.toString();
  }

  /// Appends the part of the next chunk that the previous chunks do not contain.
  ///
  /// @param start the start offset of the chunk
  static void append(StringBuilder text, String chunk, int start) {
    text.append(chunk, text.length() - start, chunk.length());
  }
}
