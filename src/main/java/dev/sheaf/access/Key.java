package dev.sheaf.access;

import dev.sheaf.runtime.Hashes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A key as its holder has it: `sheaf_<id>_<secret>`, so that it is known for what it is wherever
/// it turns up, and the id says which one it was.
///
/// @param id 48 random bits in hexadecimal, to be shown
/// @param secret 256 random bits in hexadecimal, not to be shown
record Key(String id, String secret) {

  static final String PREFIX = "sheaf_";

  private static final String ID = "[0-9a-f]{12}";
  private static final Pattern FORM = Pattern.compile("sheaf_(" + ID + ")_([0-9a-f]{64})");

  /// Whether a key can have this id.
  static boolean isId(String text) {
    return text.matches(ID);
  }

  private static final SecureRandom RANDOM = new SecureRandom();

  static Key random() {
    return new Key(random(6), random(32));
  }

  private static String random(int bytes) {
    byte[] random = new byte[bytes];
    RANDOM.nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /// The key that `text` is; empty when it is none.
  static Optional<Key> parse(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches() ? Optional.of(new Key(form.group(1), form.group(2))) : Optional.empty();
  }

  /// What is stored of it. Nobody can guess 256 random bits, however fast the hash is computed, so
  /// a slow one, such as passwords need, would only slow down every request.
  byte[] hash() {
    return Hashes.digest().digest(secret.getBytes(StandardCharsets.US_ASCII));
  }

  /// Takes as long whatever is wrong.
  boolean matches(byte[] hash) {
    return MessageDigest.isEqual(hash, hash());
  }

  /// All of it, for its holder.
  String reveal() {
    return PREFIX + id + "_" + secret;
  }

  /// What may be seen of it.
  @Override
  public String toString() {
    return PREFIX + id;
  }
}
