package dev.sheaf.backup;

/// How a backup is restored.
///
/// @param replace whether a database that holds something already may be replaced; it is dropped
///   when the restored one stands
/// @param privileges whether owners and privileges come back too, for which their roles have to
///   exist; otherwise everything belongs to the role that restores
public record RestoreOptions(boolean replace, boolean privileges) {

  /// Only into an empty database or a new one, and everything belongs to who restores it.
  public static final RestoreOptions DEFAULT = new RestoreOptions(false, false);
}
