package dev.sheaf.access;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// A key that was just made, for the only time with its secret.
///
/// @param key all of it, as it is sent: `Authorization: Bearer <key>`
@Schema(name = "CreatedKey")
public record CreatedKey(String key, @JsonUnwrapped ApiKey description) {

  /// Without the secret.
  @Override
  public String toString() {
    return description.toString();
  }
}
