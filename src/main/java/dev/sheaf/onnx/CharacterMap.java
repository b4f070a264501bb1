package dev.sheaf.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The normalization of a SentencePiece model, `precompiled_charsmap`: a double-array trie (Aoe,
/// "An Efficient Digital Search Algorithm by Using a Double-Array Structure", 1989) from UTF-8 to
/// what replaces it. As Hugging Face's `Precompiled`, it looks at each grapheme of less than 6
/// bytes, and then at each of its characters; the shortest key that matches decides.
final class CharacterMap implements UnaryOperator<String> {

  private static final int MAX_GRAPHEME = 6;
  private static final Pattern GRAPHEME = Pattern.compile("\\X");

  private final int[] units;
  private final byte[] replacements;

  private CharacterMap(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /// @param base64 the size of the trie, the trie, and replacements that each end with a zero
  /// @throws IOException if it has another form
  static CharacterMap of(String base64) throws IOException {
    try {
      ByteBuffer map =
          ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer trie = map.slice(Integer.BYTES, map.getInt()).order(ByteOrder.LITTLE_ENDIAN);
      var units = new int[trie.remaining() / Integer.BYTES];
      trie.asIntBuffer().get(units);
      map.position(Integer.BYTES + trie.remaining());
      var replacements = new byte[map.remaining()];
      map.get(replacements);
      return new CharacterMap(units, replacements);
    } catch (RuntimeException e) {
      throw new IOException("its precompiled_charsmap is invalid", e);
    }
  }

  @Override
  public String apply(String text) {
    var mapped = new StringBuilder(text.length());
    Matcher graphemes = GRAPHEME.matcher(text);
    while (graphemes.find()) {
      String grapheme = graphemes.group();
      String whole = bytes(grapheme).length < MAX_GRAPHEME ? replacement(grapheme) : null;
      if (whole != null) {
        mapped.append(whole);
      } else {
        grapheme
            .codePoints()
            .mapToObj(Character::toString)
            .forEach(c -> {
              String one = replacement(c);
              mapped.append(one == null ? c : one);
            });
      }
    }
    return mapped.toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// What replaces a text that begins with a key; `null` if it does not.
  private @Nullable String replacement(String text) {
    int node = offset(0, 0);
    for (byte each : bytes(text)) {
      int key = each & 0xFF;
      node ^= key;
      if (key == 0 || node >= units.length || (units[node] & 0x8000_00FF) != key) {
        return null;
      }
      boolean isKey = (units[node] >>> 8 & 1) == 1;
      node = offset(node, node);
      if (isKey) {
        return node < units.length ? at(units[node] & 0x7FFF_FFFF) : null;
      }
    }
    return null;
  }

  private int offset(int unit, int node) {
    if (units.length == 0) {
      return 0;
    }
    int value = units[unit];
    return node ^ value >>> 10 << ((value & 1 << 9) >>> 6);
  }

  private @Nullable String at(int start) {
    if (start >= replacements.length) {
      return null;
    }
    int end = start;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    return new String(Arrays.copyOfRange(replacements, start, end), StandardCharsets.UTF_8);
  }
}
