package dev.sheaf.migration;

import org.jspecify.annotations.Nullable;

/// Who answers for a change that cannot be taken back lightly, and why it is made; both are
/// recorded.
///
/// @param by who; `null` outside production, where nobody has to be asked
/// @param reason why, in a person's words
public record Approval(@Nullable String by, @Nullable String reason) {

  /// Nobody was asked.
  public static final Approval NONE = new Approval(null, null);
}
