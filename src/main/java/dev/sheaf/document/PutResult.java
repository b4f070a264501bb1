package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// What became of a document that was put.
///
/// @param chunks how many chunks it has now
@Schema(name = "PutResult")
public record PutResult(String id, Status status, int chunks) {

  /// What was done.
  @Schema(name = "PutStatus")
  public enum Status {
    /// It is new.
    CREATED,
    /// Something of it differs from what was stored, which is replaced.
    UPDATED,
    /// It is what was stored; nothing was done.
    UNCHANGED;

    /// The name in JSON.
    @JsonValue
    public String value() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
