package dev.sheaf.document;

import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// A chunk in responses.
///
/// @param text the part of the document's text, with all white space; it may repeat the end of the
///   previous chunk
/// @param startOffset the start of the chunk in the document's text, in UTF-16 code units
/// @param endOffset the end of the chunk, exclusive
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
