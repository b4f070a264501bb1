package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The response to storing a document.
///
/// @param chunks the number of chunks of the document
/// @param etag its entity tag, in the header `ETag`
@Schema(name = "PutResult")
public record PutResult(
    String id, Status status, int chunks, @JsonIgnore @Schema(hidden = true) String etag) {

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
