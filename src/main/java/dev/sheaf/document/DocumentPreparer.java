package dev.sheaf.document;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// Makes what is stored of a document from what a client says of it, for one space.
///
/// @param model that of the space
/// @param chunker that of the model
record DocumentPreparer(Space space, EmbeddingModel model, Chunker chunker) {

  /// What PostgreSQL indexes without trouble, and what a URL carries.
  private static final int MAX_ID_BYTES = 512;

  /// Everything but the chunks.
  ///
  /// @throws Problem when the id is not valid
  DocumentTable.Row row(String externalId, DocumentContent content) {
    checkId(externalId);
    return new DocumentTable.Row(
        space.collectionId(),
        DocumentId.of(space.collectionId(), externalId),
        externalId,
        content.title(),
        content.uri(),
        content.metadata().toString(),
        ContentHash.of(content, chunker.fingerprint(), model.name()));
  }

  /// Splits the text, and checks the vectors that the client gave, or has from an export. Those of
  /// another model, or for other chunks, are of no use here, and the text is embedded anew.
  ///
  /// @throws Problem when a given chunk or vector does not fit the model
  PreparedDocument draft(DocumentTable.Row row, DocumentContent content) {
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
    var draft = new PreparedDocument(row, content.text(), split, vectors);
    if (content.embedded() != null && content.embedded().by().equals(chunker.fingerprint())) {
      take(draft, content.embedded().vectors());
    }
    return draft;
  }

  private void take(PreparedDocument draft, List<float[]> embedded) {
    int missing = draft.missing().size();
    if (embedded.size() != missing) {
      throw Problem.field(
          "embedded.vectors",
          "embedded.vectors has %s vectors for %s chunks; leave embedded out"
              .formatted(embedded.size(), missing));
    }
    for (int i = 0; i < missing; i++) {
      VectorValidator.check("embedded.vectors[" + i + "]", embedded.get(i), space);
    }
    draft.fill(embedded.iterator());
  }

  private List<TextChunk> split(DocumentContent content) {
    if (content.chunks() == null) {
      return chunker.split(content.text());
    }
    var split = new ArrayList<TextChunk>();
    int start = 0;
    for (ClientChunk chunk : content.chunks()) {
      String text = chunk.text();
      int tokens = model.countTokens(text);
      if (chunk.vector() == null && tokens > model.maxTokens()) {
        throw Problem.field(
            "chunks[" + split.size() + "].text",
            "chunks[%s].text has %s tokens, %s reads %s at once; split it, or send text instead of chunks"
                .formatted(split.size(), tokens, model.name(), model.maxTokens()));
      }
      split.add(new TextChunk(split.size(), text, tokens, start, start + text.length()));
      start += text.length() + 1;
    }
    return split;
  }

  /// Embeds what the client has not, of all drafts at once.
  ///
  /// @throws Problem when the collection has no model, or its model refuses one of the texts
  void embed(List<PreparedDocument> drafts) {
    List<String> texts = drafts.stream().flatMap(draft -> draft.missing().stream()).toList();
    try {
      Iterator<float[]> embedded = model.embed(texts, EmbeddingModel.Role.DOCUMENT).iterator();
      drafts.forEach(draft -> draft.fill(embedded));
    } catch (IllegalArgumentException refusal) {
      throw Problem.field("text", String.valueOf(refusal.getMessage()));
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
}
