package dev.sheaf.runtime;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The hash of everything that has a fingerprint here.
public final class Hashes {

  private Hashes() {}

  /// A new one, of nothing yet.
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
