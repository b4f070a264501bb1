package dev.sheaf.search;

import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.analysis.TextWord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
  private final Synonyms synonyms;
  private final String text;
  private final Set<String> words = new HashSet<>();
  private final Set<String> ignored = new HashSet<>();
  private int places;
  private final List<SynonymGroup> groups = new ArrayList<>();
  private final Set<Synonyms.Phrase> marked = new HashSet<>();
  private final Set<String> added = new LinkedHashSet<>();
  private final Lexemes lexemes;
  private final String condition;

  /// Phrases of equal meaning, of which the text contains at least one.
  ///
  /// @param phrase the first in the text
  /// @param times how often the text contains one
  /// @param phrases to search for; of those in the text, only single words, because the words of
  ///   the others are searched anyway
  private record SynonymGroup(Synonyms.Phrase phrase, int times, List<Synonyms.Phrase> phrases) {}

  /// A part of a tsquery, and the positions of its words in the text.
  private record Operand(int from, int to, String query) {}

  /// How the words of a text must follow each other.
  private enum Order {
    ANY,
    PHRASE
  }

  private AnalyzedQuery(TextAnalyzer analyzer, Synonyms synonyms, String text, WordMatch match) {
    this.analyzer = analyzer;
    this.synonyms = synonyms;
    this.text = text;
    if (match == WordMatch.QUERY) {
      condition = syntax();
      lexemes = Lexemes.of(List.of());
    } else {
      List<TextWord> found = words(text);
      List<Synonyms.Match> matches = synonyms.in(found);
      condition = match == WordMatch.ALL ? all(found, Order.ANY, matches) : "";
      findSynonyms(matches);
      var all = new ArrayList<>(found);
      for (String lexeme : added) {
        int position = all.getLast().position() + 1;
        all.add(new TextWord(lexeme, TextWord.Kind.WORD, position, 1, 0, 0));
      }
      lexemes = Lexemes.of(all);
    }
  }

  static AnalyzedQuery of(TextAnalyzer analyzer, Synonyms synonyms, String text, WordMatch match) {
    return new AnalyzedQuery(analyzer, synonyms, text, match);
  }

  /// The words with their positions and then those of their synonyms, as the text of a tsvector;
  /// none for the syntax of search engines.
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

  /// Marks the words of this query and their synonyms in the text of a hit.
  MarkedText mark(String hit) {
    var matches = new ArrayList<TextRange>();
    var found = new ArrayList<TextWord>();
    analyzer.words(
        hit,
        word -> {
          if (words.contains(word.lexeme())) {
            matches.add(new TextRange(word.start(), word.end()));
          }
          if (!marked.isEmpty()) {
            found.add(word);
          }
        });
    List<TextWord> phrase = Synonyms.phraseWords(found);
    for (int i = 0; i < phrase.size(); i++) {
      for (Synonyms.Phrase synonym : marked) {
        if (synonym.isAt(i, phrase)) {
          TextWord last = phrase.get(i + synonym.lexemes().size() - 1);
          matches.add(new TextRange(phrase.get(i).start(), last.end()));
        }
      }
    }
    return MarkedText.of(hit, matches);
  }

  /// The words to search for: those of the text, and in the place of a word that has synonyms one
  /// that stands for all of them. It is as rare as its most frequent synonym, as in Lucene's
  /// `SynonymQuery`. A phrase is taken for as frequent as its rarest word.
  ///
  /// @param each the words of [#lexemes]
  /// @param chunks of the collection
  List<SearchWords.Word> withSynonyms(List<SearchWords.Word> each, double chunks) {
    if (groups.isEmpty()) {
      return each;
    }
    var frequencies = new HashMap<String, Double>();
    each.forEach(word -> frequencies.put(word.lexeme(), word.chunks()));
    var inGroups = new HashSet<String>();
    var result = new ArrayList<SearchWords.Word>();
    for (SynonymGroup group : groups) {
      double most = 0;
      double sum = 0;
      for (Synonyms.Phrase phrase : group.phrases()) {
        double with =
            phrase.lexemes().stream()
                .mapToDouble(lexeme -> frequencies.getOrDefault(lexeme, 0.0))
                .min()
                .orElse(0);
        most = Math.max(most, with);
        sum += with;
        if (phrase.isWord()) {
          inGroups.add(phrase.lexemes().getFirst());
        }
      }
      result.add(
          SearchWords.Word.of(
              String.join(" ", group.phrase().lexemes()),
              Math.min(sum, chunks),
              group.times(),
              most,
              chunks,
              group.phrases().stream().map(Synonyms.Phrase::query).toList()));
    }
    each.stream()
        .filter(word -> !added.contains(word.lexeme()) && !inGroups.contains(word.lexeme()))
        .forEach(result::add);
    return result;
  }

  /// Collects the groups of synonyms, and the words that only they contain. Together with those of
  /// the text, these are at most [SearchWords#MAX].
  private void findSynonyms(List<Synonyms.Match> matches) {
    var byGroup = new LinkedHashMap<List<Synonyms.Phrase>, List<Synonyms.Match>>();
    matches.forEach(
        match -> byGroup.computeIfAbsent(match.group(), _ -> new ArrayList<>()).add(match));
    byGroup.forEach((group, ofGroup) -> {
      var phrases = new ArrayList<Synonyms.Phrase>();
      for (Synonyms.Phrase phrase : group) {
        boolean inText = ofGroup.stream().anyMatch(match -> match.phrase().equals(phrase));
        if (inText && !phrase.isWord()) {
          continue;
        }
        var needed = new LinkedHashSet<>(phrase.lexemes());
        needed.removeAll(words);
        needed.removeAll(added);
        if (words.size() + added.size() + needed.size() <= SearchWords.MAX) {
          added.addAll(needed);
          phrases.add(phrase);
          marked.add(phrase);
        } else {
          ignored.addAll(needed);
        }
      }
      if (!phrases.isEmpty()) {
        groups.add(new SynonymGroup(ofGroup.getFirst().phrase(), ofGroup.size(), phrases));
      }
    });
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
      operands.add(
          (negated ? "!" : "")
              + "("
              + all(found, Order.PHRASE, List.of())
              + (phrase == null ? orSynonyms(found) : "")
              + ")");
    }
    addAlternative(operands, alternatives);
    return String.join(" | ", alternatives);
  }

  private String orSynonyms(List<TextWord> found) {
    List<Synonyms.Match> matches = synonyms.in(found);
    boolean isWhole =
        matches.size() == 1
            && matches.getFirst().phrase().lexemes().size() == Synonyms.phraseWords(found).size();
    return isWhole ? orSynonyms(matches.getFirst()) : "";
  }

  /// A part of a tsquery; empty without synonyms, or if the tsquery would become too long.
  private String orSynonyms(Synonyms.Match match) {
    List<Synonyms.Phrase> others = match.others();
    int lexemes = others.stream().mapToInt(phrase -> phrase.lexemes().size()).sum();
    if (others.isEmpty() || places + lexemes > MAX_PLACES) {
      return "";
    }
    places += lexemes;
    marked.addAll(others);
    return others.stream()
        .map(Synonyms.Phrase::query)
        .collect(Collectors.joining(" | ", " | ", ""));
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

  /// A tsquery for all words. A whole identifier may stand for its parts, and its parts for it; in
  /// the place of a match, there may be a synonym.
  private String all(List<TextWord> words, Order order, List<Synonyms.Match> matches) {
    if (words.isEmpty()) {
      return "";
    }
    TextWord first = words.getFirst();
    if (order == Order.PHRASE) {
      List<TextWord> others = words.subList(1, words.size());
      return first.isWhole() && others.stream().allMatch(word -> word.isIn(first))
          ? orParts(first, others, order)
          : phrase(words);
    }
    var operands = new ArrayList<Operand>();
    for (int i = 0; i < words.size(); ) {
      TextWord word = words.get(i);
      int next = i + 1;
      while (next < words.size() && words.get(next).isIn(word)) {
        next++;
      }
      operands.add(
          new Operand(
              word.position(),
              words.get(next - 1).position() + 1,
              orParts(word, words.subList(i + 1, next), order)));
      i = next;
    }
    var known = new HashMap<Synonyms.Phrase, String>();
    for (Synonyms.Match match : matches) {
      String synonym = known.computeIfAbsent(match.phrase(), _ -> orSynonyms(match));
      if (!synonym.isEmpty()) {
        addSynonyms(match, synonym, operands);
      }
    }
    return operands.stream().map(Operand::query).distinct().collect(Collectors.joining(" & "));
  }

  private static void addSynonyms(Synonyms.Match match, String orSynonyms, List<Operand> operands) {
    List<Operand> replaced =
        operands.stream()
            .filter(operand -> operand.from() >= match.from() && operand.to() <= match.to())
            .toList();
    if (replaced.isEmpty()
        || replaced.getFirst().from() != match.from()
        || replaced.getLast().to() != match.to()) {
      // The phrase begins or ends inside of an identifier.
      return;
    }
    String words = replaced.stream().map(Operand::query).collect(Collectors.joining(" & "));
    int index = operands.indexOf(replaced.getFirst());
    operands.removeAll(replaced);
    operands.add(
        index, new Operand(match.from(), match.to(), "((" + words + ")" + orSynonyms + ")"));
  }

  private String orParts(TextWord whole, List<TextWord> parts, Order order) {
    String lexeme = Lexemes.quoted(whole.lexeme());
    return !whole.isWhole() || parts.isEmpty()
        ? lexeme
        : "(" + lexeme + " | (" + all(parts, order, List.of()) + "))";
  }

  private static String phrase(List<TextWord> words) {
    var phrase = new StringBuilder();
    int last = 0;
    for (TextWord word : Synonyms.phraseWords(words)) {
      if (!phrase.isEmpty()) {
        phrase.append(" <").append(Math.min(word.position() - last, MAX_DISTANCE)).append("> ");
      }
      phrase.append(Lexemes.quoted(word.lexeme()));
      last = word.position();
    }
    return phrase.toString();
  }
}
