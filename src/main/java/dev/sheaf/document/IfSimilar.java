package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.sheaf.embedding.Space;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What to do if a document that is stored is similar to the one that is being stored.
///
/// The similarity of two documents is the mean over the chunks of the new one: of each, the score
/// of the nearest chunk of the other. A document that is not among the [#NEAREST] nearest of a
/// chunk counts with 0 for this chunk. Of many chunks, [#CHUNKS] are compared.
///
/// Two documents that are stored at the same time do not see each other.
///
/// @param above documents with a greater score are similar
@Schema(name = "IfSimilar")
public record IfSimilar(
    @Schema(examples = "0.97") Double above, @Schema(defaultValue = "reject") Action then) {

  private static final int NEAREST = 10;

  /// The most chunks of a document that are compared.
  static final int CHUNKS = 16;

  /// What to do.
  @Schema(name = "IfSimilarAction")
  public enum Action {
    /// Store nothing, and answer 409.
    REJECT,
    /// Store the document, and list the similar ones in the answer.
    REPORT;

    @JsonValue
    public String value() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public IfSimilar(@Nullable Double above, @Nullable Action then) {
    this.above = Input.required("above", above);
    if (!Double.isFinite(this.above)) {
      throw Problem.field("above", "above must be a number.");
    }
    this.then = then == null ? Action.REJECT : then;
  }

  /// Compares a new document with those that are stored, in a transaction.
  ///
  /// @return the similar documents, the most similar first
  /// @throws Problem if there is one, and the action is to reject
  List<SimilarDocument> check(String externalId, Space space, PreparedDocument document) {
    List<SimilarDocument> similar =
        SimilarDocument.described(
            space,
            scores(space, document).entrySet().stream()
                .filter(score -> score.getValue() > above)
                .sorted(Map.Entry.<UUID, Double>comparingByValue().reversed())
                .limit(NEAREST)
                .toList());
    if (then == Action.REJECT && !similar.isEmpty()) {
      SimilarDocument first = similar.getFirst();
      throw new Problem(
          ProblemType.DOCUMENT_SIMILAR,
          String.format(
              Locale.ROOT,
              "Document %s is similar to the document %s, with a score of %.4f, and was not stored. Raise ifSimilar.above, or omit ifSimilar, to store it.",
              externalId,
              first.id(),
              first.score()));
    }
    return similar;
  }

  private static Map<UUID, Double> scores(Space space, PreparedDocument document) {
    float[][] vectors = document.vectors();
    int compared = Math.min(CHUNKS, vectors.length);
    var scores = new HashMap<UUID, Double>();
    for (int i = 0; i < compared; i++) {
      float[] vector = vectors[(int) ((long) i * vectors.length / compared)];
      Embedding.nearest(space, vector, NEAREST)
          .excluding(document.row().id())
          .documents()
          .forEach(
              found -> scores.merge(found.documentId(), found.score() / compared, Double::sum));
    }
    return scores;
  }
}
