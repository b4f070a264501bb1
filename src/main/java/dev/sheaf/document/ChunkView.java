package dev.sheaf.document;

import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// A chunk as clients see it.
///
/// @param text as it stands in the document, white space included; it may repeat the end of the one
///   before
/// @param startOffset where it starts in the document, in UTF-16 code units
/// @param endOffset where it ends, exclusive
@Schema(name = "Chunk")
public record ChunkView(int ordinal, String text, int tokenCount, int startOffset, int endOffset) {

  static ChunkView of(Chunk chunk) {
    return new ChunkView(
        chunk.ordinal, chunk.text, chunk.tokenCount, chunk.startOffset, chunk.endOffset);
  }

  /// All chunks of a document, in order.
  @Schema(name = "ChunkList")
  public record ChunkList(List<ChunkView> chunks) {}
}
