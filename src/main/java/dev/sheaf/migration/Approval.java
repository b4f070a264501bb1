package dev.sheaf.migration;

import org.jspecify.annotations.Nullable;

/// Who approved a change, and why it is made. Both are recorded.
///
/// @param by a person's name; `null` if no approval is needed, as outside production
/// @param reason free text
public record Approval(@Nullable String by, @Nullable String reason) {

  /// No approval.
  public static final Approval NONE = new Approval(null, null);
}
