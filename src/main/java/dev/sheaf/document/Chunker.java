package dev.sheaf.document;

import dev.sheaf.embedding.EmbeddingModel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Splits a text into chunks that a model reads to their end.
///
/// Recursive splitting by separators, in one pass: a chunk takes as many words as fit and ends at
/// the last paragraph within its second half, else at the last line, else sentence, else word, and
/// inside a word only when the word alone is too long. The next chunk repeats the last sentences
/// or, when none is short enough, the last words of the one before.
///
/// What every text gets, however hostile: each chunk is within the limit as the model counts it;
/// the chunks hold all of the text but white space, in its order; no surrogate pair is cut. Time is
/// linear in the length of the text, memory that of the chunks.
///
/// Immutable, so thread-safe.
public final class Chunker {

  /// Below this a chunk says nothing, and one emoji may be longer for some models.
  static final int LEAST_MAX_TOKENS = 16;

  /// Raised whenever the same text would be split differently.
  private static final int VERSION = 1;

  /// A longer run without white space (a hash, a URL, Chinese) is treated as several words, so that
  /// chunks and overlaps have somewhere to end.
  private static final int MAX_WORD_CODE_POINTS = 24;

  /// White space and invisible characters are no tokens, but a chunk must end all the same;
  /// full-text search takes no text of a megabyte. Prose has 4 characters to a token, deeply
  /// indented code 10.
  private static final int MAX_CHARS_PER_TOKEN = 32;

  private static final char ZERO_WIDTH_JOINER = '\u200D';

  private final EmbeddingModel model;
  private final int maxTokens;
  private final int overlapTokens;
  private final int maxChars;
  private final int maxOverlapChars;
  private final int maxWordTokens;

  /// @param maxTokens the most tokens of a chunk, at least 16 and at most what the model reads
  /// @param overlapTokens the most tokens repeated from one chunk to the next, less than
  ///   `maxTokens`
  Chunker(EmbeddingModel model, int maxTokens, int overlapTokens) {
    if (maxTokens < LEAST_MAX_TOKENS || maxTokens > model.maxTokens()) {
      throw new IllegalArgumentException(
          "maxTokens must be from %s to %s, not %s"
              .formatted(LEAST_MAX_TOKENS, model.maxTokens(), maxTokens));
    }
    if (overlapTokens < 0 || overlapTokens >= maxTokens) {
      throw new IllegalArgumentException(
          "overlapTokens must be from 0 to %s, not %s".formatted(maxTokens - 1, overlapTokens));
    }
    this.model = model;
    this.maxTokens = maxTokens;
    this.overlapTokens = overlapTokens;
    this.maxChars = maxTokens * MAX_CHARS_PER_TOKEN;
    this.maxOverlapChars = Math.min(overlapTokens * MAX_CHARS_PER_TOKEN, maxChars / 2);
    this.maxWordTokens = maxTokens / 2;
  }

  /// Says how texts are split: when it is the same, so are the chunks of the same text.
  public String fingerprint() {
    return "chunker %s, %s, max %s, overlap %s"
        .formatted(VERSION, model.name(), maxTokens, overlapTokens);
  }

  /// Splits a text.
  ///
  /// Waits until the model is loaded.
  ///
  /// @return the chunks in their order, none for a blank text
  /// @throws dev.sheaf.embedding.EmbeddingException when the model could not be loaded
  public List<TextChunk> split(String text) {
    var chunks = new ArrayList<TextChunk>();
    var words = new Words(text);
    // Index into the window of the first word that no chunk holds yet; those before it are overlap.
    int fresh = 0;
    while (words.has(fresh)) {
      int first = 0;
      int limit = longest(words);
      int end;
      String chunk;
      int tokens;
      while (true) {
        end = words.has(limit) ? bestEnd(words, first, fresh, limit) : limit;
        chunk = text.substring(words.get(first).start, words.get(end - 1).end);
        tokens = model.countTokens(chunk);
        if (tokens <= maxTokens) {
          break;
        }
        // Rare: the tokens of neighbours without white space between them may not add up.
        if (end > fresh + 1) {
          limit = shortened(words, fresh, end, tokens - maxTokens);
        } else if (first < fresh) {
          first = fresh;
        } else {
          throw new IllegalStateException(
              "%s counts %s tokens in one character, more than the %s of a chunk"
                  .formatted(model.name(), tokens, maxTokens));
        }
      }
      int start = words.get(first).start;
      chunks.add(new TextChunk(chunks.size(), chunk, tokens, start, start + chunk.length()));
      int next = words.has(end) ? nextStart(words, first, end) : end;
      words.drop(next);
      fresh = end - next;
    }
    return chunks;
  }

  /// Where the longest chunk from the window's start ends, exclusive.
  private int longest(Words words) {
    int tokens = 0;
    int end = 0;
    while (words.has(end)) {
      tokens += words.get(end).tokens;
      if (tokens > maxTokens || words.get(end).end - words.get(0).start > maxChars) {
        break;
      }
      end++;
    }
    return end;
  }

  /// The strongest break in the second half of the words up to `limit`, the last of them.
  private static int bestEnd(Words words, int first, int fresh, int limit) {
    int all = words.tokens(first, limit);
    int half = limit;
    int tokens = 0;
    while (half > fresh + 1 && tokens * 2 <= all) {
      half--;
      tokens += words.get(half).tokens;
    }
    int best = limit;
    for (int i = limit - 1; i >= half; i--) {
      if (words.get(i).before.compareTo(words.get(best).before) > 0) {
        best = i;
      }
    }
    return best;
  }

  /// An end that is `excess` tokens earlier, but keeps one fresh word.
  private static int shortened(Words words, int fresh, int end, int excess) {
    int limit = end - 1;
    int dropped = words.get(limit).tokens;
    while (limit > fresh + 1 && dropped < excess) {
      limit--;
      dropped += words.get(limit).tokens;
    }
    return limit;
  }

  /// Where the chunk after the one from `first` to `end` starts: as early as the overlap allows, at
  /// a sentence if there is one, else at a word, and so that the word at `end` fits.
  private int nextStart(Words words, int first, int end) {
    int room = Math.min(overlapTokens, maxTokens - words.get(end).tokens);
    int best = end;
    int tokens = 0;
    for (int i = end - 1; i > first; i--) {
      tokens += words.get(i).tokens;
      if (tokens > room || words.get(end).end - words.get(i).start > maxOverlapChars) {
        break;
      }
      Break before = words.get(i).before;
      // Sentences, lines and paragraphs are equally good: the earliest of them repeats most.
      if (best == end
          || before.compareTo(Break.SENTENCE) >= 0
          || before.compareTo(words.get(best).before) >= 0) {
        best = i;
      }
    }
    return best;
  }

  /// What stands before a word, from the worst place to end a chunk to the best.
  private enum Break {
    NONE,
    SPACE,
    SENTENCE,
    LINE,
    PARAGRAPH
  }

  /// A run without white space, or a part of a long one.
  private record Word(int start, int end, int tokens, Break before) {}

  /// Reads words as they are asked for and keeps those that the next chunk may hold.
  private final class Words {
    private final String text;
    private final List<Word> window = new ArrayList<>();
    private int position;

    Words(String text) {
      this.text = text;
    }

    boolean has(int index) {
      while (window.size() <= index) {
        Word word = read();
        if (word == null) {
          return false;
        }
        window.add(word);
      }
      return true;
    }

    Word get(int index) {
      return window.get(index);
    }

    int tokens(int from, int to) {
      int tokens = 0;
      for (int i = from; i < to; i++) {
        tokens += window.get(i).tokens;
      }
      return tokens;
    }

    void drop(int count) {
      window.subList(0, count).clear();
    }

    private @Nullable Word read() {
      int gap = position;
      int lines = 0;
      int start = gap;
      while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
        lines += isLineEnd(start) ? 1 : 0;
        start++;
      }
      if (start == text.length()) {
        position = start;
        return null;
      }
      int end = start;
      for (int n = 0; n < MAX_WORD_CODE_POINTS && isInWord(end); n++) {
        end += Character.charCount(text.codePointAt(end));
      }
      if (isInWord(end)) {
        end = cut(start, end);
      }
      int tokens = model.countTokens(text.substring(start, end));
      while (tokens > maxWordTokens && text.codePointCount(start, end) > 1) {
        end = text.offsetByCodePoints(start, text.codePointCount(start, end) / 2);
        tokens = model.countTokens(text.substring(start, end));
      }
      position = end;
      return new Word(start, end, tokens, breakAt(gap, start, lines));
    }

    private boolean isInWord(int at) {
      return at < text.length() && !Character.isWhitespace(text.charAt(at));
    }

    /// A carriage return and a line feed after it are one.
    private boolean isLineEnd(int at) {
      return text.charAt(at) == '\n'
          || (text.charAt(at) == '\r' && !(at + 1 < text.length() && text.charAt(at + 1) == '\n'));
    }

    private Break breakAt(int gap, int start, int lines) {
      if (lines > 1) {
        return Break.PARAGRAPH;
      }
      if (lines == 1) {
        return Break.LINE;
      }
      if (gap < start) {
        return endsSentence(gap, ".!?\u2026\u3002\uFF01\uFF1F\u061F\u0964")
            ? Break.SENTENCE
            : Break.SPACE;
      }
      // Languages that write no spaces still write these.
      return endsSentence(gap, "\u3002\uFF01\uFF1F") ? Break.SENTENCE : Break.NONE;
    }

    /// A few closing quotes and brackets may follow the mark.
    private boolean endsSentence(int at, String marks) {
      int last = at - 1;
      while (last >= Math.max(0, at - 4)
          && "\"')]}\u00BB\u201D\u2019\u300D\u300F".indexOf(text.charAt(last)) >= 0) {
        last--;
      }
      return last >= 0 && marks.indexOf(text.charAt(last)) >= 0;
    }

    /// Where to cut a run at the latest before `end`: behind the last character of its second half
    /// that is neither letter nor digit, and never within what a reader sees as one character,
    /// unless that is all there is.
    private int cut(int start, int end) {
      for (int at = end; at > start + (end - start) / 2; at--) {
        if (isCharacterStart(at) && !Character.isLetterOrDigit(text.codePointBefore(at))) {
          return at;
        }
      }
      for (int at = end; at > start; at--) {
        if (isCharacterStart(at)) {
          return at;
        }
      }
      return end;
    }

    /// Not within a surrogate pair, before a mark or modifier, or at a joiner.
    private boolean isCharacterStart(int at) {
      if (Character.isLowSurrogate(text.charAt(at))
          && Character.isHighSurrogate(text.charAt(at - 1))) {
        return false;
      }
      int c = text.codePointAt(at);
      return switch (Character.getType(c)) {
        case Character.NON_SPACING_MARK,
            Character.COMBINING_SPACING_MARK,
            Character.ENCLOSING_MARK ->
            false;
        default ->
            c != ZERO_WIDTH_JOINER
                && text.charAt(at - 1) != ZERO_WIDTH_JOINER
                && !Character.isEmojiModifier(c);
      };
    }
  }
}
