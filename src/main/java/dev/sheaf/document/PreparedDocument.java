package dev.sheaf.document;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// A document on its way in: split, and embedded as far as the client has not done it.
///
/// @param text all of it
/// @param split its chunks, as they are embedded
/// @param vectors one for each chunk; `null` until the model has embedded it
@SuppressWarnings("ArrayRecordComponent") // never compared
record PreparedDocument(
    DocumentTable.Row row, String text, List<TextChunk> split, float[][] vectors) {

  /// The texts that the model has to embed.
  List<String> missing() {
    var missing = new ArrayList<String>();
    for (TextChunk chunk : split) {
      if (vectors[chunk.ordinal()] == null) {
        missing.add(chunk.text());
      }
    }
    return missing;
  }

  /// Takes the vectors of [#missing], in its order.
  void fill(Iterator<float[]> embedded) {
    for (int i = 0; i < vectors.length; i++) {
      if (vectors[i] == null) {
        vectors[i] = embedded.next();
      }
    }
  }

  /// A chunk as it is stored: with the white space behind it, and the first with that in front of
  /// it, so that the chunks together are the text, to the letter.
  TextChunk stored(TextChunk part) {
    boolean first = part.ordinal() == 0;
    boolean last = part.ordinal() == split.size() - 1;
    int start = first ? 0 : part.startOffset();
    int end =
        last
            ? text.length()
            : Math.max(part.endOffset(), split.get(part.ordinal() + 1).startOffset());
    return new TextChunk(part.ordinal(), text.substring(start, end), part.tokenCount(), start, end);
  }
}
