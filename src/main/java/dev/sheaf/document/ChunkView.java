package dev.sheaf.document;

import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// A chunk in responses.
///
/// @param text what the client sent as chunk, or the part of the document's text with all white
///   space; it may repeat the end of the previous chunk
/// @param startOffset the start of the chunk in the document's text, in code points
/// @param endOffset the end of the chunk, exclusive
@Schema(name = "Chunk")
public record ChunkView(
    int ordinal,
    String text,
    int tokenCount,
    @Schema(description = "The start of the chunk in the document's text, in Unicode code points")
        int startOffset,
    @Schema(description = "The end of the chunk, exclusive") int endOffset) {

  /// Converts the offsets, which are stored in UTF-16 code units.
  ///
  /// @param chunks all chunks of a document as they are stored, in order
  /// @param splitByClient whether a line feed, which the client did not send, follows each chunk
  ///   but the last
  static List<ChunkView> of(List<TextChunk> chunks, boolean splitByClient) {
    var views = new ArrayList<ChunkView>(chunks.size());
    int start = 0;
    TextChunk previous = chunks.getFirst();
    for (TextChunk chunk : chunks) {
      // A chunk begins in the previous one, or at its end.
      start += previous.text().codePointCount(0, chunk.startOffset() - previous.startOffset());
      previous = chunk;
      int length =
          chunk.text().length()
              - (splitByClient && chunk.ordinal() < chunks.getLast().ordinal() ? 1 : 0);
      views.add(
          new ChunkView(
              chunk.ordinal(),
              chunk.text().substring(0, length),
              chunk.tokenCount(),
              start,
              start + chunk.text().codePointCount(0, length)));
    }
    return views;
  }

  /// All chunks of a document, in order.
  @Schema(name = "ChunkList")
  public record ChunkList(List<ChunkView> chunks) {}
}
