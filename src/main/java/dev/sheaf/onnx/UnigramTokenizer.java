package dev.sheaf.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// SentencePiece's unigram tokenizer, which XLM-RoBERTa and many multilingual models use: Kudo,
/// "Subword Regularization", 2018, as Hugging Face's `Unigram` and `Metaspace` define it. Of all
/// ways to split a word into pieces of the vocabulary, it takes the most probable one.
///
/// It intentionally differs from them in one way: the names of special tokens in a text, such as
/// `</s>`, are plain text.
///
/// Immutable.
final class UnigramTokenizer implements ModelTokenizer {

  private static final char SPACE = '\u2581';

  /// What a character without a piece costs, beside the least probable piece.
  private static final double UNKNOWN_PENALTY = 10;

  private final List<UnaryOperator<String>> normalizers;
  private final boolean splitsAtWhiteSpace;
  private final String[] pieces;
  private final int[] ids;
  private final double[] scores;
  private final int unknown;
  private final double unknownScore;

  private record Piece(int id, double score) {}

  private UnigramTokenizer(
      List<UnaryOperator<String>> normalizers,
      boolean splitsAtWhiteSpace,
      SortedMap<String, Piece> vocabulary,
      int unknown,
      double unknownScore) {
    this.normalizers = normalizers;
    this.splitsAtWhiteSpace = splitsAtWhiteSpace;
    this.pieces = vocabulary.keySet().toArray(String[]::new);
    this.ids = vocabulary.values().stream().mapToInt(Piece::id).toArray();
    this.scores = vocabulary.values().stream().mapToDouble(Piece::score).toArray();
    this.unknown = unknown;
    this.unknownScore = unknownScore;
  }

  /// @param json a Hugging Face `tokenizer.json`
  /// @throws IOException if it describes another tokenizer
  static UnigramTokenizer of(JsonNode json) throws IOException {
    JsonNode model = json.path("model");
    if (!model.path("unk_id").isIntegralNumber() || model.path("byte_fallback").asBoolean()) {
      throw new IOException(
          "its model has no token for unknown characters, or splits them into bytes");
    }
    Set<String> special = new HashSet<>();
    for (JsonNode token : json.path("added_tokens")) {
      if (token.path("special").asBoolean()) {
        special.add(token.path("content").asText());
      }
    }
    var vocabulary = new TreeMap<String, Piece>();
    double least = 0;
    int id = 0;
    for (JsonNode piece : model.path("vocab")) {
      double score = piece.path(1).asDouble();
      least = Math.min(least, score);
      if (!special.contains(piece.path(0).asText())) {
        vocabulary.put(piece.path(0).asText(), new Piece(id, score));
      }
      id++;
    }
    vocabulary.remove("");
    List<String> splits =
        steps(json.path("pre_tokenizer"), "pretokenizers")
            .map(step -> step.path("type").asText())
            .toList();
    boolean splitsAtWhiteSpace = splits.equals(List.of("WhitespaceSplit", "Metaspace"));
    if (!splitsAtWhiteSpace && !splits.equals(List.of("Metaspace"))) {
      throw new IOException("its pre-tokenizer is not supported: " + splits);
    }
    JsonNode metaspace = steps(json.path("pre_tokenizer"), "pretokenizers").toList().getLast();
    String prepends = metaspace.path("prepend_scheme").asText("always");
    if (!metaspace.path("replacement").asText().equals(String.valueOf(SPACE))
        || !metaspace.path("split").asBoolean(true)
        || !metaspace.path("add_prefix_space").asBoolean(true)
        || !(prepends.equals("always") || (prepends.equals("first") && !splitsAtWhiteSpace))) {
      throw new IOException("its options of Metaspace are not supported");
    }
    var normalizers = new ArrayList<UnaryOperator<String>>();
    for (JsonNode step : steps(json.path("normalizer"), "normalizers").toList()) {
      normalizers.add(normalizer(step));
    }
    return new UnigramTokenizer(
        List.copyOf(normalizers),
        splitsAtWhiteSpace,
        vocabulary,
        model.path("unk_id").asInt(),
        least - UNKNOWN_PENALTY);
  }

  private static Stream<JsonNode> steps(JsonNode step, String list) {
    return switch (step.path("type").asText()) {
      case "" -> Stream.of();
      case "Sequence" -> step.path(list).valueStream().flatMap(each -> steps(each, list));
      default -> Stream.of(step);
    };
  }

  private static UnaryOperator<String> normalizer(JsonNode step) throws IOException {
    String type = step.path("type").asText();
    return switch (type) {
      case "Precompiled" -> CharacterMap.of(step.path("precompiled_charsmap").asText());
      case "Lowercase" -> text -> text.toLowerCase(Locale.ROOT);
      case "NFC", "NFD", "NFKC", "NFKD" -> {
        Normalizer.Form form = Normalizer.Form.valueOf(type);
        yield text -> Normalizer.normalize(text, form);
      }
      case "Strip" -> {
        boolean left = step.path("strip_left").asBoolean();
        boolean right = step.path("strip_right").asBoolean();
        yield text -> strip(text, left, right);
      }
      case "Replace" -> {
        String content = step.path("content").asText();
        if (step.path("pattern").path("Regex").asText().equals(" {2,}")) {
          yield text -> replaceSpaces(text, content);
        }
        String pattern = step.path("pattern").path("String").asText();
        if (pattern.isEmpty()) {
          throw new IOException(
              "its normalizer replaces what is not supported: " + step.path("pattern"));
        }
        yield text -> text.replace(pattern, content);
      }
      default -> throw new IOException("its normalizer is not supported: " + type);
    };
  }

  private static String strip(String text, boolean left, boolean right) {
    int start = 0;
    int end = text.length();
    while (left && start < end && WordPieceTokenizer.isWhiteSpace(text.charAt(start))) {
      start++;
    }
    while (right && start < end && WordPieceTokenizer.isWhiteSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  private static String replaceSpaces(String text, String replacement) {
    var replaced = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int end = i;
      while (end < text.length() && text.charAt(end) == ' ') {
        end++;
      }
      if (end - i >= 2) {
        replaced.append(replacement);
        i = end;
      } else {
        replaced.append(text.charAt(i++));
      }
    }
    return replaced.toString();
  }

  @Override
  public int[] encode(String text) {
    String normalized = text;
    for (UnaryOperator<String> normalizer : normalizers) {
      normalized = normalizer.apply(normalized);
    }
    IntStream.Builder tokens = IntStream.builder();
    for (String word : words(normalized)) {
      encodeWord(word, tokens);
    }
    return tokens.build().toArray();
  }

  /// Each begins with [#SPACE].
  private List<String> words(String text) {
    var words = new ArrayList<String>();
    var word = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean space = splitsAtWhiteSpace ? WordPieceTokenizer.isWhiteSpace(c) : c == ' ';
      if ((space || c == SPACE) && !word.isEmpty()) {
        words.add(word.toString());
        word.setLength(0);
      }
      if (space && splitsAtWhiteSpace) {
        continue;
      }
      if (word.isEmpty()) {
        word.append(SPACE);
      }
      if (!space && c != SPACE) {
        word.append(c);
      }
    }
    if (!word.isEmpty()) {
      words.add(word.toString());
    }
    return words;
  }

  /// Viterbi's algorithm.
  private void encodeWord(String word, IntStream.Builder tokens) {
    int length = word.length();
    var best = new double[length + 1];
    var from = new int[length + 1];
    var id = new int[length + 1];
    Arrays.fill(from, -1);
    for (int start = 0; start < length; ) {
      int next = start + Character.charCount(word.codePointAt(start));
      boolean known = false;
      int low = 0;
      int high = pieces.length;
      for (int end = start; end < length; end++) {
        int depth = end - start;
        char c = word.charAt(end);
        low = firstFrom(low, high, depth, c);
        high = firstFrom(low, high, depth, c + 1);
        if (low == high) {
          break;
        }
        if (pieces[low].length() == depth + 1) {
          known |= end + 1 == next;
          offer(best, from, id, start, end + 1, best[start] + scores[low], ids[low]);
        }
      }
      if (!known) {
        offer(best, from, id, start, next, best[start] + unknownScore, unknown);
      }
      start = next;
    }
    var reversed = new ArrayList<Integer>();
    for (int end = length; end > 0; end = from[end]) {
      // Adjacent unknown characters are one token.
      if (id[end] != unknown || reversed.isEmpty() || reversed.getLast() != unknown) {
        reversed.add(id[end]);
      }
    }
    reversed.reversed().forEach(tokens::add);
  }

  private static void offer(
      double[] best, int[] from, int[] id, int start, int end, double score, int token) {
    if (from[end] < 0 || score > best[end]) {
      best[end] = score;
      from[end] = start;
      id[end] = token;
    }
  }

  /// The first of some pieces with the same beginning whose next character is at least `c`.
  private int firstFrom(int low, int high, int depth, int c) {
    int first = low;
    int end = high;
    while (first < end) {
      int middle = (first + end) >>> 1;
      if (pieces[middle].length() <= depth || pieces[middle].charAt(depth) < c) {
        first = middle + 1;
      } else {
        end = middle;
      }
    }
    return first;
  }
}
