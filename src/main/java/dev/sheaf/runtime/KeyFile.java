package dev.sheaf.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file with a key of another service, which is sent in a header.
public final class KeyFile {

  private KeyFile() {}

  /// The key in a file, without the white space around it.
  ///
  /// @throws IllegalArgumentException if the file cannot be read, or contains no key
  public static String read(Path file) {
    try {
      String key = Files.readString(file).strip();
      if (isKey(key)) {
        return key;
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " cannot be read", e);
    }
    throw new IllegalArgumentException(file + " contains no key");
  }

  /// Whether a text can be sent as a key.
  static boolean isKey(String text) {
    return text.matches("[!-~]+");
  }
}
