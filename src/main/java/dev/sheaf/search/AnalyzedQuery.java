package dev.sheaf.search;

import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.analysis.TextWord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The text of a query in a collection whose texts the service analyzes. Like [SearchWords#MAX] of
/// the words of other queries, only the first ones are searched.
final class AnalyzedQuery {

  /// PostgreSQL's `MAXENTRYPOS`.
  private static final int MAX_DISTANCE = 16_384;

  /// A word that is repeated more often is not searched again. PostgreSQL reads a tsquery
  /// recursively.
  private static final int MAX_PLACES = 1_000;

  private static final Pattern OPERAND =
      Pattern.compile("(?<not>-)?(?:\"(?<phrase>[^\"]*+)\"|(?<word>[^\\s\"]++))");

  private final TextAnalyzer analyzer;
  private final String text;
  private final Set<String> words = new HashSet<>();
  private final Set<String> ignored = new HashSet<>();
  private int places;
  private final Lexemes lexemes;
  private final String condition;

  /// How the words of a text must follow each other.
  private enum Order {
    ANY,
    PHRASE
  }

  private AnalyzedQuery(TextAnalyzer analyzer, String text, WordMatch match) {
    this.analyzer = analyzer;
    this.text = text;
    if (match == WordMatch.QUERY) {
      condition = syntax();
      lexemes = Lexemes.of(List.of());
    } else {
      List<TextWord> found = words(text);
      condition = match == WordMatch.ALL ? all(found, Order.ANY) : "";
      lexemes = Lexemes.of(found);
    }
  }

  static AnalyzedQuery of(TextAnalyzer analyzer, String text, WordMatch match) {
    return new AnalyzedQuery(analyzer, text, match);
  }

  /// The words with their positions, as the text of a tsvector; none for the syntax of search
  /// engines.
  String lexemes() {
    return lexemes.toString();
  }

  /// A tsquery that matches chunks with all words, or what the syntax of search engines says. It is
  /// empty if there is no word.
  String condition() {
    return condition;
  }

  boolean isEmpty() {
    return words.isEmpty();
  }

  /// Number of different words beyond [SearchWords#MAX].
  int ignored() {
    return ignored.size();
  }

  /// Marks the words of this query in the text of a hit.
  MarkedText mark(String hit) {
    var matches = new ArrayList<TextRange>();
    analyzer.words(
        hit,
        word -> {
          if (words.contains(word.lexeme())) {
            matches.add(new TextRange(word.start(), word.end()));
          }
        });
    return MarkedText.of(hit, matches);
  }

  /// The words of a part of the text, without those that are ignored.
  private List<TextWord> words(String part) {
    var found = new ArrayList<TextWord>();
    analyzer.wordsOfQuery(
        part,
        word -> {
          if (words.size() < SearchWords.MAX) {
            words.add(word.lexeme());
          }
          if (!words.contains(word.lexeme())) {
            ignored.add(word.lexeme());
          } else if (places < MAX_PLACES) {
            found.add(word);
            places++;
          }
        });
    return found;
  }

  /// Words joined by AND, `"phrases"`, `or` and `-not`, as `websearch_to_tsquery` reads them: `or`
  /// is a word where it cannot join others.
  private String syntax() {
    var alternatives = new ArrayList<String>();
    var operands = new ArrayList<String>();
    Matcher operand = OPERAND.matcher(text);
    boolean isFirst = true;
    while (operand.find()) {
      String phrase = operand.group("phrase");
      boolean negated = operand.group("not") != null;
      if (!isFirst
          && !negated
          && "or".equalsIgnoreCase(operand.group("word"))
          && !isBlankFrom(operand.end())) {
        addAlternative(operands, alternatives);
        isFirst = true;
        continue;
      }
      isFirst = false;
      List<TextWord> found = words(phrase == null ? operand.group("word") : phrase);
      if (found.isEmpty()) {
        continue;
      }
      operands.add((negated ? "!" : "") + "(" + all(found, Order.PHRASE) + ")");
    }
    addAlternative(operands, alternatives);
    return String.join(" | ", alternatives);
  }

  private boolean isBlankFrom(int index) {
    int next = index;
    while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
      next++;
    }
    return next == text.length();
  }

  private static void addAlternative(List<String> operands, List<String> alternatives) {
    if (!operands.isEmpty()) {
      alternatives.add("(" + String.join(" & ", operands) + ")");
      operands.clear();
    }
  }

  /// A tsquery for all words. A whole identifier may stand for its parts, and its parts for it.
  private static String all(List<TextWord> words, Order order) {
    if (words.isEmpty()) {
      return "";
    }
    TextWord first = words.getFirst();
    if (order == Order.PHRASE) {
      List<TextWord> others = words.subList(1, words.size());
      return first.isWhole() && others.stream().allMatch(word -> isIn(word, first))
          ? orParts(first, others, order)
          : phrase(words);
    }
    var operands = new ArrayList<String>();
    for (int i = 0; i < words.size(); ) {
      TextWord word = words.get(i);
      int next = i + 1;
      while (next < words.size() && isIn(words.get(next), word)) {
        next++;
      }
      operands.add(orParts(word, words.subList(i + 1, next), order));
      i = next;
    }
    return operands.stream().distinct().collect(Collectors.joining(" & "));
  }

  private static boolean isIn(TextWord word, TextWord whole) {
    return word.position() < whole.position() + (whole.isWhole() ? whole.length() : 1);
  }

  private static String orParts(TextWord whole, List<TextWord> parts, Order order) {
    String lexeme = Lexemes.quoted(whole.lexeme());
    return !whole.isWhole() || parts.isEmpty()
        ? lexeme
        : "(" + lexeme + " | (" + all(parts, order) + "))";
  }

  /// A phrase contains the parts of identifiers, because a whole one has only one position.
  private static String phrase(List<TextWord> words) {
    var phrase = new StringBuilder();
    int last = 0;
    for (int i = 0; i < words.size(); i++) {
      TextWord word = words.get(i);
      boolean hasParts = word.length() > 1 && i + 1 < words.size() && isIn(words.get(i + 1), word);
      if (hasParts || word.position() == last) {
        continue;
      }
      if (!phrase.isEmpty()) {
        phrase.append(" <").append(Math.min(word.position() - last, MAX_DISTANCE)).append("> ");
      }
      phrase.append(Lexemes.quoted(word.lexeme()));
      last = word.position();
    }
    return phrase.toString();
  }
}
