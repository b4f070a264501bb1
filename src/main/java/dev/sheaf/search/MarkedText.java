package dev.sheaf.search;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A text whose words that match a query are marked.
final class MarkedText {

  /// The marks are noncharacters of Unicode, which texts do not contain.
  static final char START = '\uFDD0';

  static final char STOP = '\uFDD1';

  /// A cut is moved by at most this many characters to the end of a word.
  private static final int NEAR = 20;

  /// More characters than most graphemes have.
  private static final int GRAPHEME = 32;

  private final String text;
  private final List<Word> words;

  /// A marked word: characters of UTF-16.
  private record Word(int start, int end) {}

  /// A part of the text with marked words.
  ///
  /// @param first its first word
  /// @param last its last word
  /// @param different number of different words
  private record Candidate(int first, int last, int different) {

    static final Comparator<Candidate> BEST_FIRST =
        Comparator.comparingInt(Candidate::different)
            .thenComparingInt(candidate -> candidate.last() - candidate.first())
            .reversed()
            .thenComparingInt(Candidate::first);

    boolean overlaps(Candidate other) {
      return first <= other.last && other.first <= last;
    }
  }

  private MarkedText(String text, List<Word> words) {
    this.text = text;
    this.words = words;
  }

  /// Reads a text with the marks.
  static MarkedText parse(String marked) {
    var text = new StringBuilder(marked.length());
    var words = new ArrayList<Word>();
    int start = 0;
    for (int i = 0; i < marked.length(); i++) {
      char character = marked.charAt(i);
      switch (character) {
        case START -> start = text.length();
        case STOP -> words.add(new Word(start, text.length()));
        default -> text.append(character);
      }
    }
    return new MarkedText(text.toString(), words);
  }

  /// Marks parts of a text; those that overlap become one.
  ///
  /// @param parts in UTF-16 code units
  static MarkedText of(String text, List<TextRange> parts) {
    var words = new ArrayList<Word>();
    for (TextRange part :
        parts.stream().sorted(Comparator.comparingInt(TextRange::start)).toList()) {
      Word last = words.isEmpty() ? null : words.getLast();
      if (last != null && part.start() < last.end()) {
        words.set(words.size() - 1, new Word(last.start(), Math.max(last.end(), part.end())));
      } else {
        words.add(new Word(part.start(), part.end()));
      }
    }
    return new MarkedText(text, words);
  }

  /// The first marked words.
  List<TextRange> matches(int limit) {
    var matches = new ArrayList<TextRange>();
    int at = 0;
    int characters = 0;
    for (Word word : words.subList(0, Math.min(limit, words.size()))) {
      int start = characters + text.codePointCount(at, word.start());
      characters = start + text.codePointCount(word.start(), word.end());
      at = word.end();
      matches.add(new TextRange(start, characters));
    }
    return matches;
  }

  /// The best parts of the text, in its order: first those with the most different words, then
  /// those with the most words. A text without marked words has its beginning.
  ///
  /// @param limit how many parts
  /// @param length characters of each, if a marked word is not longer
  List<Passage> passages(int limit, int length) {
    if (words.isEmpty()) {
      int end = end(0, Math.min(length, text.length()));
      return List.of(passage(start(0, end), end));
    }
    List<Candidate> best = best(limit, length);
    var passages = new ArrayList<Passage>();
    int from = 0;
    for (int i = 0; i < best.size(); i++) {
      int start = words.get(best.get(i).first()).start();
      int end = words.get(best.get(i).last()).end();
      int to = i + 1 < best.size() ? words.get(best.get(i + 1).first()).start() : text.length();
      int spare = Math.max(0, length - (end - start));
      int before = Math.min(start - from, Math.max(spare / 2, spare - (to - end)));
      int after = Math.min(to - end, spare - before);
      from = end(end, end + after);
      passages.add(passage(start(start - before, start), from));
    }
    return passages;
  }

  private List<Candidate> best(int limit, int length) {
    var best = new ArrayList<Candidate>();
    for (Candidate candidate : candidates(length)) {
      if (best.size() == limit) {
        break;
      }
      if (best.stream().noneMatch(candidate::overlaps)) {
        best.add(candidate);
      }
    }
    best.sort(Comparator.comparingInt(Candidate::first));
    return best;
  }

  /// For each marked word the longest part that begins with it, best first.
  private List<Candidate> candidates(int length) {
    Map<String, Integer> inside = new HashMap<>();
    var candidates = new ArrayList<Candidate>();
    int next = 0;
    for (int first = 0; first < words.size(); first++) {
      while (next < words.size()
          && (next == first || words.get(next).end() - words.get(first).start() <= length)) {
        inside.merge(word(next), 1, Integer::sum);
        next++;
      }
      candidates.add(new Candidate(first, next - 1, inside.size()));
      inside.computeIfPresent(word(first), (_, count) -> count == 1 ? null : count - 1);
    }
    candidates.sort(Candidate.BEST_FIRST);
    return candidates;
  }

  private String word(int index) {
    Word word = words.get(index);
    return text.substring(word.start(), word.end()).toLowerCase(Locale.ROOT);
  }

  /// The first position from `cut` to `limit` that divides no marked word, no other word that is
  /// not long, and no grapheme.
  private int start(int cut, int limit) {
    int start = cut;
    if (cut > 0) {
      int from = Math.max(0, cut - GRAPHEME);
      var graphemes = graphemes(from, limit);
      start = graphemes.isBoundary(cut - from) ? cut : from + graphemes.following(cut - from);
      if (!isSpace(start - 1)) {
        int space = start;
        while (space < Math.min(limit, start + NEAR) && !isSpace(space)) {
          space++;
        }
        start = space < limit && isSpace(space) ? space : start;
      }
      for (Word word : words) {
        start = word.start() < start && start < word.end() ? word.end() : start;
      }
    }
    while (start < limit && isSpace(start)) {
      start++;
    }
    return Math.min(start, limit);
  }

  /// The last position from `limit` to `cut` that divides nothing.
  private int end(int limit, int cut) {
    int end = cut;
    if (cut < text.length()) {
      var graphemes = graphemes(limit, Math.min(text.length(), cut + GRAPHEME));
      end = graphemes.isBoundary(cut - limit) ? cut : limit + graphemes.preceding(cut - limit);
      if (!isSpace(end)) {
        int space = end;
        while (space > Math.max(limit, end - NEAR) && !isSpace(space - 1)) {
          space--;
        }
        end = space > limit && isSpace(space - 1) ? space : end;
      }
      for (Word word : words) {
        end = word.start() < end && end < word.end() ? word.start() : end;
      }
    }
    while (end > limit && isSpace(end - 1)) {
      end--;
    }
    return Math.max(end, limit);
  }

  private BreakIterator graphemes(int from, int to) {
    BreakIterator graphemes = BreakIterator.getCharacterInstance(Locale.ROOT);
    graphemes.setText(text.substring(from, to));
    return graphemes;
  }

  private boolean isSpace(int index) {
    return Character.isWhitespace(text.charAt(index));
  }

  private Passage passage(int start, int end) {
    int first = text.codePointCount(0, start);
    return new Passage(first, first + text.codePointCount(start, end), html(start, end));
  }

  private String html(int start, int end) {
    var html = new StringBuilder(end - start + 32);
    int at = start;
    for (Word word : words) {
      if (word.start() >= start && word.end() <= end) {
        escape(at, word.start(), html);
        html.append("<mark>");
        escape(word.start(), word.end(), html);
        html.append("</mark>");
        at = word.end();
      }
    }
    escape(at, end, html);
    return html.toString();
  }

  private void escape(int start, int end, StringBuilder html) {
    for (int i = start; i < end; i++) {
      char character = text.charAt(i);
      switch (character) {
        case '&' -> html.append("&amp;");
        case '<' -> html.append("&lt;");
        case '>' -> html.append("&gt;");
        case '"' -> html.append("&quot;");
        case '\'' -> html.append("&#39;");
        default -> html.append(character);
      }
    }
  }
}
