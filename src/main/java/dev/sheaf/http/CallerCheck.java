package dev.sheaf.http;

/// Tells whether a caller that was authenticated earlier still would be, for responses that last.
public interface CallerCheck {

  /// `false` if the caller's key was revoked or has expired. If the database is unavailable,
  /// nothing has changed.
  boolean isValid(Caller caller);
}
