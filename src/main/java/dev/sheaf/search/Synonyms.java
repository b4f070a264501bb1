package dev.sheaf.search;

import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.analysis.TextWord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The synonyms of a collection, as its analyzer reads them. They are looked up in queries only, so
/// a change of them concerns no stored chunk.
///
/// Lucene's `SynonymGraphFilter` does not accept a graph, which identifiers and their parts already
/// are. Like it, this prefers the longest of the phrases that begin at a word.
final class Synonyms {

  static final Synonyms NONE = new Synonyms(List.of());

  private final List<List<Phrase>> groups;

  /// By the first word, the longest first.
  private final Map<String, List<Entry>> entries = new HashMap<>();

  private record Entry(Phrase phrase, int group) {}

  /// Words that follow each other.
  ///
  /// @param offsets the position of each word, from that of the first
  record Phrase(List<String> lexemes, List<Integer> offsets) {

    boolean isWord() {
      return lexemes.size() == 1;
    }

    /// A tsquery.
    String query() {
      var query = new StringBuilder(Lexemes.quoted(lexemes.getFirst()));
      for (int i = 1; i < lexemes.size(); i++) {
        query
            .append(" <")
            .append(offsets.get(i) - offsets.get(i - 1))
            .append("> ")
            .append(Lexemes.quoted(lexemes.get(i)));
      }
      return isWord() ? query.toString() : "(" + query + ")";
    }

    /// Whether these words begin at an index of a text.
    ///
    /// @param text as [#phraseWords] returns it
    boolean isAt(int index, List<TextWord> text) {
      if (index + lexemes.size() > text.size()) {
        return false;
      }
      for (int i = 0; i < lexemes.size(); i++) {
        TextWord word = text.get(index + i);
        if (!word.lexeme().equals(lexemes.get(i))
            || word.position() - text.get(index).position() != offsets.get(i)) {
          return false;
        }
      }
      return true;
    }
  }

  /// A phrase of a query that has synonyms.
  ///
  /// @param from position of its first word
  /// @param to position after its last word
  /// @param group all phrases of equal meaning, including this one
  record Match(int from, int to, Phrase phrase, List<Phrase> group) {

    List<Phrase> others() {
      return group.stream().filter(each -> !each.equals(phrase)).toList();
    }
  }

  private Synonyms(List<List<Phrase>> groups) {
    this.groups = groups;
    for (int group = 0; group < groups.size(); group++) {
      for (Phrase phrase : groups.get(group)) {
        entries
            .computeIfAbsent(phrase.lexemes().getFirst(), _ -> new ArrayList<>())
            .add(new Entry(phrase, group));
      }
    }
    entries
        .values()
        .forEach(each ->
            each.sort((one, other) ->
                Integer.compare(other.phrase.lexemes().size(), one.phrase.lexemes().size())));
  }

  /// Analyzes groups of phrases of equal meaning. A phrase without words is left out, and so is one
  /// that is equal to another of its group after analysis.
  static Synonyms of(TextAnalyzer analyzer, List<List<String>> groups) {
    return new Synonyms(
        groups.stream()
            .map(group ->
                group.stream()
                    .map(phrase -> phrase(analyzer, phrase))
                    .filter(phrase -> !phrase.lexemes().isEmpty())
                    .distinct()
                    .toList())
            .toList());
  }

  private static Phrase phrase(TextAnalyzer analyzer, String text) {
    var words = new ArrayList<TextWord>();
    analyzer.wordsOfQuery(text, words::add);
    List<TextWord> phrase = phraseWords(words);
    return new Phrase(
        phrase.stream().map(TextWord::lexeme).toList(),
        phrase.stream().map(word -> word.position() - phrase.getFirst().position()).toList());
  }

  /// The phrases of a text that have synonyms, from left to right.
  List<Match> in(List<TextWord> words) {
    if (entries.isEmpty()) {
      return List.of();
    }
    List<TextWord> text = phraseWords(words);
    var matches = new ArrayList<Match>();
    for (int i = 0; i < text.size(); ) {
      Entry entry = entryAt(i, text);
      if (entry == null) {
        i++;
        continue;
      }
      int next = i + entry.phrase.lexemes().size();
      matches.add(
          new Match(
              text.get(i).position(),
              text.get(next - 1).position() + 1,
              entry.phrase,
              groups.get(entry.group)));
      i = next;
    }
    return matches;
  }

  private @Nullable Entry entryAt(int index, List<TextWord> text) {
    for (Entry entry : entries.getOrDefault(text.get(index).lexeme(), List.of())) {
      if (entry.phrase.isAt(index, text)) {
        return entry;
      }
    }
    return null;
  }

  /// The words of a text as a phrase: one at each position, and the parts of identifiers, because a
  /// whole one has only one position.
  static List<TextWord> phraseWords(List<TextWord> words) {
    var phrase = new ArrayList<TextWord>();
    for (int i = 0; i < words.size(); i++) {
      TextWord word = words.get(i);
      boolean hasParts = word.length() > 1 && i + 1 < words.size() && words.get(i + 1).isIn(word);
      if (!hasParts && (phrase.isEmpty() || phrase.getLast().position() != word.position())) {
        phrase.add(word);
      }
    }
    return phrase;
  }
}
