package dev.sheaf.embedding;

import org.jspecify.annotations.Nullable;

/// The decision how searches of a space hold a recall. All replicas follow it.
///
/// @param recall that was declared
/// @param efSearch with which searches hold it, or come as near as they can
/// @param within the largest `efSearch` that was allowed
public record HeldRecall(double recall, int efSearch, int within) {

  /// `null` if a value is missing.
  public static @Nullable HeldRecall of(
      @Nullable Double recall, @Nullable Integer efSearch, @Nullable Integer within) {
    return recall == null || efSearch == null || within == null
        ? null
        : new HeldRecall(recall, efSearch, within);
  }
}
