package dev.sheaf.search;

import dev.sheaf.http.Input;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A stored document or chunk to which the hits must be similar.
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
}
