package dev.sheaf.document;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The vectors of a document in an export.
///
/// @param by the [Chunker#fingerprint] that tells how the document was split and embedded; if it
///   differs from that of the collection, the vectors are ignored
/// @param vectors one for each chunk for which the client sent none, in order
@Schema(name = "Embedded")
public record ExportedEmbeddings(
    String by,
    @Schema(
            description =
                "Each an array of numbers, or the base64 of 32-bit floats in little-endian order")
        List<float[]> vectors) {

  public ExportedEmbeddings(
      @Nullable String by,
      @JsonDeserialize(contentUsing = VectorDeserializer.class) @Nullable List<float[]> vectors) {
    this.by = Input.required("by", by);
    if (Input.required("vectors", vectors).contains(null)) {
      throw Problem.field("vectors", "vectors must not contain null.");
    }
    this.vectors = List.copyOf(vectors);
  }
}
