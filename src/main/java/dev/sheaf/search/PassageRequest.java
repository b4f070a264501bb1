package dev.sheaf.search;

import dev.sheaf.http.Input;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Which parts of the text of a hit are returned with marked words.
///
/// @param limit maximum number of parts of a hit
/// @param length maximum number of characters of a part
@Schema(name = "Passages")
public record PassageRequest(
    @Schema(defaultValue = "3", minimum = "1", maximum = "100") Integer limit,
    @Schema(defaultValue = "240", minimum = "20", maximum = "100000") Integer length) {

  /// The number of characters of a part, if a request does not say it.
  static final int DEFAULT_LENGTH = 240;

  private static final int MAX_LIMIT = 100;
  private static final int MAX_LENGTH = 100_000;

  public PassageRequest(@Nullable Integer limit, @Nullable Integer length) {
    this.limit = Input.range("limit", limit, 1, MAX_LIMIT, 3);
    this.length = Input.range("length", length, 20, MAX_LENGTH, DEFAULT_LENGTH);
  }

  long characters() {
    return (long) limit * length;
  }
}
