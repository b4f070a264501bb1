package dev.sheaf.document;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.TextValidator;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Splits and embeds documents for one space.
///
/// @param model the model of the space
/// @param chunker the chunker for the model
/// @param titles whether the title of a document is searched with its chunks
record DocumentPreparer(Space space, EmbeddingModel model, Chunker chunker, boolean titles) {

  /// Short enough for a B-tree index and for a URL.
  private static final int MAX_ID_BYTES = 512;

  /// The row of a document in the table `document`.
  ///
  /// @throws Problem if the external ID is not valid
  DocumentTable.Row row(String externalId, DocumentContent content) {
    checkId(externalId);
    return new DocumentTable.Row(
        space.collectionId(),
        DocumentId.of(space.collectionId(), externalId),
        externalId,
        content.title(),
        content.uri(),
        content.metadata().json(),
        content.chunks() == null ? DocumentTable.TEXT : DocumentTable.CHUNKS,
        ContentHash.of(
            content, chunker.fingerprint(), model.name(), searchedTitle(content), space.storage()));
  }

  private @Nullable String searchedTitle(DocumentContent content) {
    return searchedTitle(content.title(), titles);
  }

  /// The title that is searched with each chunk; `null` if there is none.
  static @Nullable String searchedTitle(@Nullable String title, boolean titles) {
    return titles && title != null && !title.isBlank() ? title : null;
  }

  /// Splits the text, and validates the vectors that the client sent. Vectors from an export are
  /// ignored if another model computed them, or for other chunks; [#embed] computes new ones then.
  ///
  /// @throws Problem if a chunk or vector is not valid for the model
  PreparedDocument prepare(DocumentTable.Row row, DocumentContent content) {
    List<TextChunk> split = split(content);
    var vectors = new float[split.size()][];
    if (content.chunks() != null) {
      for (int i = 0; i < vectors.length; i++) {
        float[] vector = content.chunks().get(i).vector();
        if (vector != null) {
          vectors[i] = VectorValidator.check("chunks[" + i + "].vector", vector, space);
        }
      }
    }
    var document =
        new PreparedDocument(row, content.text(), split, vectors, searchedTitle(content));
    if (content.embedded() != null
        && content.embedded().by().equals(fingerprint(chunker, titles))) {
      addExported(document, content.embedded().vectors());
    }
    return document;
  }

  /// Identifies the way in which documents are split and embedded.
  static String fingerprint(Chunker chunker, boolean titles) {
    return chunker.fingerprint() + (titles ? ", titles" : "");
  }

  private void addExported(PreparedDocument document, List<float[]> exported) {
    int missing = document.missing().size();
    if (exported.size() != missing) {
      throw Problem.field(
          "embedded.vectors",
          "embedded.vectors has %s vectors for %s chunks. Omit embedded, so that the document is embedded again."
              .formatted(exported.size(), missing));
    }
    var vectors = new ArrayList<float[]>(missing);
    for (int i = 0; i < missing; i++) {
      vectors.add(VectorValidator.check("embedded.vectors[" + i + "]", exported.get(i), space));
    }
    document.fill(vectors.iterator());
  }

  private List<TextChunk> split(DocumentContent content) {
    if (content.chunks() == null) {
      List<TextChunk> split = chunker.split(content.text());
      if (model.embedsTexts() && split.stream().allMatch(chunk -> chunk.tokenCount() == 0)) {
        throw TextValidator.empty("text", content.text(), model);
      }
      return split;
    }
    var split = new ArrayList<TextChunk>();
    int start = 0;
    for (ClientChunk chunk : content.chunks()) {
      String text = chunk.text();
      if (chunk.vector() == null && model.embedsTexts()) {
        TextValidator.requireReadable("chunks[" + split.size() + "].text", text, model);
      }
      split.add(
          new TextChunk(split.size(), text, model.countTokens(text), start, start + text.length()));
      start += text.length() + 1;
    }
    return split;
  }

  /// Embeds the chunks that have no vector yet, of all documents together.
  ///
  /// @throws Problem if the collection has no model, or its model rejects one of the texts
  void embed(List<PreparedDocument> documents) {
    List<String> texts = documents.stream().flatMap(one -> embedded(one).stream()).toList();
    try {
      Iterator<float[]> embedded = model.embed(texts, EmbeddingModel.Purpose.DOCUMENT).iterator();
      documents.forEach(document -> document.fill(embedded));
    } catch (IllegalArgumentException rejected) {
      throw Problem.field("text", String.valueOf(rejected.getMessage()));
    }
  }

  /// The texts to embed, each with the title before it. If both are too long for the model, the
  /// title is cut.
  private List<String> embedded(PreparedDocument document) {
    String title = document.title();
    return title == null
        ? document.missing()
        : document.missing().stream().map(text -> titled(title, text)).toList();
  }

  private String titled(String title, String text) {
    for (String cut = title; !cut.isEmpty(); cut = firstHalf(cut)) {
      String titled = cut + "\n\n" + text;
      if (model.countTokens(titled) <= model.maxTokens()) {
        return titled;
      }
    }
    return text;
  }

  private static String firstHalf(String text) {
    return text.substring(0, text.offsetByCodePoints(0, text.codePointCount(0, text.length()) / 2));
  }

  private static void checkId(String externalId) {
    Input.storable("id", externalId);
    int bytes = externalId.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_ID_BYTES) {
      throw Problem.parameter(
          "id", "id has " + bytes + " bytes. It must have 1 to " + MAX_ID_BYTES + ".");
    }
    if (externalId.equals(".") || externalId.equals("..")) {
      throw Problem.parameter(
          "id", "id must not be . or .., because clients remove such a segment from a URL.");
    }
  }
}
