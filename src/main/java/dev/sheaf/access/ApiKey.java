package dev.sheaf.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A key as those see it who manage keys.
///
/// @param id the part of the key that may be seen
/// @param name what people call it
/// @param collections the names of those it is limited to; `null` when it is not
/// @param expiresAt from when on it is refused; `null` is never
/// @param lastUsedAt to the minute
/// @param state whether it is accepted
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Key")
public record ApiKey(
    String id,
    @Nullable String name,
    Role role,
    @Nullable List<String> collections,
    State state,
    Instant createdAt,
    @Nullable Instant expiresAt,
    @Nullable Instant revokedAt,
    @Nullable Instant lastUsedAt) {

  /// Whether it is accepted.
  @Schema(name = "KeyState")
  public enum State {
    @JsonProperty("active")
    ACTIVE,
    @JsonProperty("expired")
    EXPIRED,
    @JsonProperty("revoked")
    REVOKED
  }
}
