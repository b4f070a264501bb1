package dev.sheaf.document;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.util.List;
import java.util.UUID;

/// As much of a document as the model reads at once, as stored.
@Entity
@Table(name = "chunk")
@IdClass(Chunk.Key.class)
public class Chunk extends PanacheEntityBase {

  @Id
  @Column(name = "collection_id")
  public long collectionId;

  @Id
  @Column(name = "document_id")
  public UUID documentId;

  @Id @Column public int ordinal;

  @Column public String text;

  @Column(name = "token_count")
  public int tokenCount;

  @Column(name = "start_offset")
  public int startOffset;

  @Column(name = "end_offset")
  public int endOffset;

  /// The key: a document's chunks are numbered from 0.
  public record Key(long collectionId, UUID documentId, int ordinal) {}

  static List<Chunk> of(long collectionId, UUID documentId) {
    return list("collectionId = ?1 AND documentId = ?2 ORDER BY ordinal", collectionId, documentId);
  }

  /// The text of a document. Chunks overlap, and together they cover it: each adds what lies behind
  /// the one before.
  ///
  /// @param texts of all its chunks, in order
  /// @param starts the offset of each
  static String text(List<String> texts, List<Integer> starts) {
    var text = new StringBuilder();
    for (int i = 0; i < texts.size(); i++) {
      text.append(texts.get(i), text.length() - starts.get(i), texts.get(i).length());
    }
    return text.toString();
  }

  static long deleteOf(long collectionId, UUID documentId) {
    return delete("collectionId = ?1 AND documentId = ?2", collectionId, documentId);
  }
}
