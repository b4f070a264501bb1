package dev.sheaf.search;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A stored document or chunk that is an example of what a search must find, or must not find.
///
/// @param document the client's id of the document
/// @param ordinal the chunk; if absent, the mean of all chunks
@Schema(name = "Like")
public record SimilarTo(
    @Schema(examples = "moon/tides") String document,
    @Schema(minimum = "0") @Nullable Integer ordinal) {

  public SimilarTo(@Nullable String document, @Nullable Integer ordinal) {
    this.document = Input.required("document", document);
    Input.storable("document", this.document);
    if (ordinal != null) {
      Input.range("ordinal", ordinal, 0, Integer.MAX_VALUE, 0);
    }
    this.ordinal = ordinal;
  }

  /// The most examples of a list.
  static final int MAX_EXAMPLES = 20;

  /// Checks a list of examples.
  static List<SimilarTo> examples(String field, @Nullable List<SimilarTo> examples, Mode mode) {
    if (examples == null) {
      return List.of();
    }
    if (mode != Mode.VECTOR) {
      throw Problem.field(field, field + " requires \"mode\": \"vector\".");
    }
    if (examples.isEmpty() || examples.size() > MAX_EXAMPLES) {
      throw Problem.field(
          field,
          "%s must have 1 to %s elements, not %s.".formatted(field, MAX_EXAMPLES, examples.size()));
    }
    for (int i = 0; i < examples.size(); i++) {
      Input.required(field + "[" + i + "]", examples.get(i));
    }
    return List.copyOf(examples);
  }
}
