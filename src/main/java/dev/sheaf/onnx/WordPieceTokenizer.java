package dev.sheaf.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// BERT's tokenizer, cased or not: Devlin et al., "BERT", 2018, as the reference implementation and
/// Hugging Face's `BertNormalizer`, `BertPreTokenizer` and `WordPiece` define it. Time is linear in
/// the length of the text.
///
/// It intentionally differs from them in two ways. They replace a word of more than 100 characters
/// by one unknown token; this tokenizer splits it into words of 100 characters. And the names of
/// special tokens in a text, such as `[SEP]`, are plain text.
///
/// Immutable and thread-safe.
public final class WordPieceTokenizer implements ModelTokenizer {

  private static final int MAX_WORD = 100;
  private static final String CONTINUATION = "##";
  private static final String CLASSIFICATION = "[CLS]";
  private static final String SEPARATOR = "[SEP]";
  private static final String UNKNOWN = "[UNK]";

  private final Node words = new Node();
  private final Node continuations = new Node();
  private final int classification;
  private final int separator;
  private final int unknown;
  private final boolean lowercase;

  private WordPieceTokenizer(SortedMap<String, Integer> vocabulary, boolean lowercase) {
    this.lowercase = lowercase;
    vocabulary.forEach((piece, id) -> {
      if (piece.startsWith(CONTINUATION) && piece.length() > CONTINUATION.length()) {
        continuations.add(piece.substring(CONTINUATION.length()), id);
      } else {
        words.add(piece, id);
      }
    });
    this.classification = vocabulary.getOrDefault(CLASSIFICATION, 0);
    this.separator = vocabulary.getOrDefault(SEPARATOR, 0);
    this.unknown = vocabulary.getOrDefault(UNKNOWN, 0);
  }

  /// Reads a Hugging Face `tokenizer.json`.
  ///
  /// @throws IOException if it cannot be read or describes another tokenizer
  public static WordPieceTokenizer read(InputStream tokenizerJson) throws IOException {
    return of(new ObjectMapper().readTree(tokenizerJson));
  }

  /// @param json a Hugging Face `tokenizer.json`
  /// @throws IOException if it describes another tokenizer
  static WordPieceTokenizer of(JsonNode json) throws IOException {
    JsonNode model = json.path("model");
    JsonNode normalizer = json.path("normalizer");
    boolean lowercase = normalizer.path("lowercase").asBoolean();
    boolean known =
        model.path("type").asText().equals("WordPiece")
            && model.path("continuing_subword_prefix").asText(CONTINUATION).equals(CONTINUATION)
            && json.path("pre_tokenizer").path("type").asText().equals("BertPreTokenizer")
            && normalizer.path("type").asText().equals("BertNormalizer")
            && normalizer.path("clean_text").asBoolean()
            && normalizer.path("handle_chinese_chars").asBoolean()
            && normalizer.path("strip_accents").asBoolean(lowercase) == lowercase;
    if (!known) {
      throw new IOException("it is not BERT's tokenizer");
    }
    var vocabulary = new TreeMap<String, Integer>();
    model.path("vocab").properties().forEach(e -> vocabulary.put(e.getKey(), e.getValue().asInt()));
    for (String special : List.of(CLASSIFICATION, SEPARATOR, UNKNOWN)) {
      if (!vocabulary.containsKey(special)) {
        throw new IOException("its vocabulary does not contain " + special);
      }
    }
    return new WordPieceTokenizer(vocabulary, lowercase);
  }

  /// The ID of `[CLS]`, which precedes every text.
  public int classification() {
    return classification;
  }

  /// The ID of `[SEP]`, which follows every text.
  public int separator() {
    return separator;
  }

  /// The ID of `[UNK]`, which replaces a word that cannot be split into pieces of the vocabulary.
  int unknown() {
    return unknown;
  }

  @Override
  public int[] encode(String text) {
    var ids = new Ids();
    String normalized = normalize(text);
    int start = 0;
    int i = 0;
    while (i < normalized.length()) {
      int c = normalized.codePointAt(i);
      int next = i + Character.charCount(c);
      if (c == ' ' || isPunctuation(c) || isChinese(c)) {
        encodeWord(normalized, start, i, ids);
        if (c != ' ') {
          encodeWord(normalized, i, next, ids);
        }
        start = next;
      }
      i = next;
    }
    encodeWord(normalized, start, normalized.length(), ids);
    return ids.toArray();
  }

  private void encodeWord(String text, int start, int end, Ids ids) {
    int from = start;
    while (end - from > MAX_WORD && text.codePointCount(from, end) > MAX_WORD) {
      int to = text.offsetByCodePoints(from, MAX_WORD);
      encodePiecewise(text, from, to, ids);
      from = to;
    }
    encodePiecewise(text, from, end, ids);
  }

  /// Takes the longest matching piece first. If a part of the word matches no piece, the whole word
  /// is unknown.
  private void encodePiecewise(String text, int start, int end, Ids ids) {
    int before = ids.size;
    int from = start;
    Node root = words;
    while (from < end) {
      int longest = -1;
      int to = from;
      @Nullable Node node = root;
      for (int i = from; i < end; i++) {
        node = node.child(text.charAt(i));
        if (node == null) {
          break;
        }
        if (node.id >= 0) {
          longest = node.id;
          to = i + 1;
        }
      }
      if (longest < 0) {
        ids.size = before;
        ids.add(unknown);
        return;
      }
      ids.add(longest);
      from = to;
      root = continuations;
    }
  }

  /// Removes invisible characters, replaces each white-space character by a space, and unless it is
  /// cased converts to lower case and removes accents.
  private String normalize(String text) {
    var clean = new StringBuilder(text.length());
    boolean ascii = true;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (isWhiteSpace(c)) {
        clean.append(' ');
      } else if (!isInvisible(c)) {
        ascii &= c < 0x80;
        clean.appendCodePoint(ascii && lowercase ? Character.toLowerCase(c) : c);
      }
    }
    if (ascii || !lowercase) {
      return clean.toString();
    }
    String decomposed = Normalizer.normalize(clean, Normalizer.Form.NFD);
    clean.setLength(0);
    for (int i = 0; i < decomposed.length(); ) {
      int c = decomposed.codePointAt(i);
      i += Character.charCount(c);
      if (Character.getType(c) != Character.NON_SPACING_MARK) {
        clean.appendCodePoint(Character.toLowerCase(c));
      }
    }
    return clean.toString();
  }

  static boolean isWhiteSpace(int c) {
    return (c >= '\t' && c <= '\r') || c == 0x85 || Character.isSpaceChar(c);
  }

  private static boolean isInvisible(int c) {
    return c == 0xFFFD
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.UNASSIGNED,
              Character.PRIVATE_USE,
              Character.SURROGATE ->
              true;
          default -> false;
        };
  }

  private static boolean isPunctuation(int c) {
    if (c < 0x80) {
      return c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c);
    }
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }

  /// The ranges in which BERT treats every character as a word.
  private static boolean isChinese(int c) {
    return (c >= 0x4E00 && c <= 0x9FFF)
        || (c >= 0x3400 && c <= 0x4DBF)
        || (c >= 0x20000 && c <= 0x2A6DF)
        || (c >= 0x2A700 && c <= 0x2CEAF)
        || (c >= 0xF900 && c <= 0xFAFF)
        || (c >= 0x2F800 && c <= 0x2FA1F);
  }

  /// A node of a trie of the vocabulary. The children are sorted, because pieces are added in
  /// order.
  private static final class Node {
    private char[] keys = {};
    private Node[] children = {};
    private int id = -1;

    void add(String piece, int id) {
      Node node = this;
      for (int i = 0; i < piece.length(); i++) {
        char key = piece.charAt(i);
        Node child = node.child(key);
        if (child == null) {
          child = new Node();
          int last = node.keys.length;
          node.keys = Arrays.copyOf(node.keys, last + 1);
          node.children = Arrays.copyOf(node.children, last + 1);
          node.keys[last] = key;
          node.children[last] = child;
        }
        node = child;
      }
      node.id = id;
    }

    @Nullable Node child(char key) {
      int at = Arrays.binarySearch(keys, key);
      return at < 0 ? null : children[at];
    }
  }

  /// A growing `int[]`.
  private static final class Ids {
    private int[] values = new int[64];
    private int size;

    void add(int id) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size++] = id;
    }

    int[] toArray() {
      return Arrays.copyOf(values, size);
    }
  }
}
