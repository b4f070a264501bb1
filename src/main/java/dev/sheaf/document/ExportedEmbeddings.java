package dev.sheaf.document;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a model has made of a document already, as an export holds it.
///
/// @param by how it was split, and by which model embedded: [Chunker#fingerprint]; where that is
///   another, the vectors are not used
/// @param vectors of the chunks that the client gave none for, in order
@Schema(name = "Embedded")
public record ExportedEmbeddings(
    String by, @Schema(description = "Each as numbers, or as base64") List<float[]> vectors) {

  public ExportedEmbeddings(
      @Nullable String by,
      @JsonDeserialize(contentUsing = VectorDeserializer.class) @Nullable List<float[]> vectors) {
    this.by = Input.required("embedded.by", by);
    if (Input.required("embedded.vectors", vectors).contains(null)) {
      throw Problem.field("embedded.vectors", "embedded.vectors must hold no null");
    }
    this.vectors = List.copyOf(vectors);
  }
}
