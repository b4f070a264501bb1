package dev.sheaf.search;

import dev.sheaf.problem.Problem;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// How much the words of a field count in a search for words, compared with those of the text.
///
/// @param title an occurrence of a word in the title counts as this many in the text, 0 to
///   [#MAX_WEIGHT]
@Schema(name = "FieldWeights")
public record FieldWeights(
    @Schema(
            defaultValue = "1",
            minimum = "0",
            maximum = "100",
            description =
                "An occurrence of a word in the title counts as this many in the text. Values other"
                    + " than 1 require a collection with titles")
        Double title) {

  static final FieldWeights EQUAL = new FieldWeights(null);

  private static final double MAX_WEIGHT = 100;

  public FieldWeights(@Nullable Double title) {
    this.title = title == null ? 1 : title;
    if (!(this.title >= 0 && this.title <= MAX_WEIGHT)) {
      throw Problem.field(
          "title",
          "title must be a number from 0 to %s, not %s.".formatted((int) MAX_WEIGHT, title));
    }
  }

  boolean weighsTitles() {
    return title != 1;
  }
}
