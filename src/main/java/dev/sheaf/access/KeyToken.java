package dev.sheaf.access;

import dev.sheaf.runtime.Hashes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A key with its secret: `sheaf_<id>_<secret>`. Secret scanners can recognise the prefix, and the
/// ID tells which key was leaked.
///
/// @param id 48 random bits in hexadecimal; public
/// @param secret 256 random bits in hexadecimal; must never be logged
record KeyToken(String id, String secret) {

  static final String PREFIX = "sheaf_";

  private static final String ID = "[0-9a-f]{12}";
  private static final Pattern FORMAT = Pattern.compile("sheaf_(" + ID + ")_([0-9a-f]{64})");

  /// Whether `text` has the format of a key's ID.
  static boolean isId(String text) {
    return text.matches(ID);
  }

  static KeyToken random() {
    // Not a constant: a native executable would contain its seed.
    SecureRandom source = new SecureRandom();
    return new KeyToken(random(source, 6), random(source, 32));
  }

  private static String random(SecureRandom source, int bytes) {
    byte[] random = new byte[bytes];
    source.nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /// Empty if `text` does not have the format of a key.
  static Optional<KeyToken> parse(String text) {
    Matcher matcher = FORMAT.matcher(text);
    return matcher.matches()
        ? Optional.of(new KeyToken(matcher.group(1), matcher.group(2)))
        : Optional.empty();
  }

  /// The hash of the secret, which the database stores. 256 random bits cannot be guessed even with
  /// a fast hash; a slow one, as for passwords, would only slow down every request.
  byte[] hash() {
    return Hashes.sha256().digest(secret.getBytes(StandardCharsets.US_ASCII));
  }

  /// Compares in constant time.
  boolean matches(byte[] hash) {
    return MessageDigest.isEqual(hash, hash());
  }

  /// The whole key, for its owner.
  String reveal() {
    return PREFIX + id + "_" + secret;
  }

  /// Omits the secret.
  @Override
  public String toString() {
    return PREFIX + id;
  }
}
