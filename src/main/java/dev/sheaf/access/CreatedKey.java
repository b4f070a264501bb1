package dev.sheaf.access;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The response to the creation of a key. It is the only place where the secret appears.
///
/// @param key the whole key, as clients send it: `Authorization: Bearer <key>`
@Schema(name = "CreatedKey")
public record CreatedKey(String key, @JsonUnwrapped ApiKey description) {

  /// Omits the secret.
  @Override
  public String toString() {
    return description.toString();
  }
}
