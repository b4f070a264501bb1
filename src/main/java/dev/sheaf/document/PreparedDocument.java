package dev.sheaf.document;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A document that is split and being embedded, ready to be stored when all chunks have a vector.
///
/// @param text the whole text
/// @param split the chunks as the model embeds them
/// @param vectors one for each chunk; `null` until the model has embedded it
/// @param title is searched with each chunk; `null` if there is none
@SuppressWarnings("ArrayRecordComponent") // never compared
record PreparedDocument(
    DocumentTable.Row row,
    String text,
    List<TextChunk> split,
    float[][] vectors,
    @Nullable String title) {

  /// The texts of the chunks without a vector, in order.
  List<String> missing() {
    var missing = new ArrayList<String>();
    for (TextChunk chunk : split) {
      if (vectors[chunk.ordinal()] == null) {
        missing.add(chunk.text());
      }
    }
    return missing;
  }

  /// Sets the vectors of [#missing], in the same order.
  void fill(Iterator<float[]> embedded) {
    for (int i = 0; i < vectors.length; i++) {
      if (vectors[i] == null) {
        vectors[i] = embedded.next();
      }
    }
  }

  /// A chunk as it is stored. It also contains the white space after it, and the first chunk the
  /// white space before it, so that the stored chunks together are exactly the text.
  TextChunk stored(TextChunk chunk) {
    boolean first = chunk.ordinal() == 0;
    boolean last = chunk.ordinal() == split.size() - 1;
    int start = first ? 0 : chunk.startOffset();
    int end =
        last
            ? text.length()
            : Math.max(chunk.endOffset(), split.get(chunk.ordinal() + 1).startOffset());
    return new TextChunk(
        chunk.ordinal(), text.substring(start, end), chunk.tokenCount(), start, end);
  }
}
