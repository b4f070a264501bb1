package dev.sheaf.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The description of an API key, without its secret.
///
/// @param id the public part of the key
/// @param name a name for people
/// @param collections the names of the collections that the key is limited to; `null` if it is not
///   limited
/// @param expiresAt `null` if the key does not expire
/// @param lastUsedAt accurate to one minute
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

  /// Only active keys are accepted.
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
