package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The response to storing a document.
///
/// @param chunks the number of chunks of the document
/// @param etag its entity tag, in the header `ETag`
/// @param similar the documents that `ifSimilar` asks for, the most similar first; absent if it
///   does not, or if the content of the document is not new
/// @param warnings what searches will not find; absent if there is nothing, or if the content of
///   the document is not new
@Schema(name = "PutResult")
public record PutResult(
    String id,
    Status status,
    int chunks,
    @JsonIgnore @Schema(hidden = true) String etag,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<SimilarDocument> similar,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<String> warnings) {

  /// The result of storing a document.
  @Schema(name = "PutStatus")
  public enum Status {
    CREATED,
    UPDATED,
    /// The stored document is the same, so nothing was written.
    UNCHANGED;

    /// The name in JSON.
    @JsonValue
    public String value() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
