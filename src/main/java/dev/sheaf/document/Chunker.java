package dev.sheaf.document;

import dev.sheaf.embedding.EmbeddingModel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Splits a text into chunks that are short enough for a model.
///
/// This is recursive splitting by separators, in one pass. A chunk takes as many words as fit. It
/// ends at the last paragraph break in its second half, else at the last line break, else at the
/// end of a sentence, else of a word. It ends inside of a word only if the word alone is too long.
/// The next chunk repeats the last sentences of the previous one, or its last words if no sentence
/// is short enough.
///
/// For any text, each chunk is within the limit as the model counts tokens; the chunks contain the
/// whole text in order, except white space; and no surrogate pair is split. Time is linear in the
/// length of the text. Memory is proportional to the chunks.
///
/// Immutable and thread-safe.
public final class Chunker {

  /// A shorter chunk has too little content. For some models, one emoji may have more tokens.
  static final int LEAST_MAX_TOKENS = 16;

  /// Increment this when a change splits the same text differently.
  private static final int VERSION = 1;

  /// A longer run without white space (a hash, a URL, Chinese) is treated as several words, so that
  /// a chunk or an overlap can end inside of it.
  private static final int MAX_WORD_CODE_POINTS = 24;

  /// Limits chunks of white space and invisible characters, which are not tokens: PostgreSQL's
  /// full-text search rejects a text of a megabyte. Prose has 4 characters per token, deeply
  /// indented code 10.
  private static final int MAX_CHARS_PER_TOKEN = 32;

  private static final char ZERO_WIDTH_JOINER = '\u200D';

  private final EmbeddingModel model;
  private final int maxTokens;
  private final int overlapTokens;
  private final int maxChars;
  private final int maxOverlapChars;
  private final int maxWordTokens;

  /// @param maxTokens the maximum number of tokens of a chunk, from 16 to the model's maximum
  /// @param overlapTokens the maximum number of tokens that a chunk repeats of the previous one,
  ///   less than `maxTokens`
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

  /// Identifies the way of splitting. Chunkers with the same fingerprint split the same text into
  /// the same chunks.
  public String fingerprint() {
    return "chunker %s, %s, max %s, overlap %s"
        .formatted(VERSION, model.name(), maxTokens, overlapTokens);
  }

  /// Splits a text. Waits until the model is loaded.
  ///
  /// @return the chunks in order; empty for a blank text
  /// @throws dev.sheaf.embedding.EmbeddingException if the model could not be loaded
  public List<TextChunk> split(String text) {
    var chunks = new ArrayList<TextChunk>();
    var words = new Words(text);
    // The index in the window of the first word that no chunk contains yet. The words before it are
    // overlap.
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
        // Rare: without white space between them, words may have more tokens together than
        // separately.
        if (end > fresh + 1) {
          limit = shortened(words, fresh, end, tokens - maxTokens);
        } else if (first < fresh) {
          first = fresh;
        } else {
          throw new IllegalStateException(
              "%s counts %s tokens in one character, but a chunk may have at most %s"
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

  /// The end, exclusive, of the longest chunk that starts at the start of the window.
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

  /// The last of the strongest breaks in the second half of the words up to `limit`.
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

  /// An end that is at least `excess` tokens earlier, but after the first fresh word.
  private static int shortened(Words words, int fresh, int end, int excess) {
    int limit = end - 1;
    int dropped = words.get(limit).tokens;
    while (limit > fresh + 1 && dropped < excess) {
      limit--;
      dropped += words.get(limit).tokens;
    }
    return limit;
  }

  /// The start of the chunk that follows the chunk from `first` to `end`. It is as early as the
  /// overlap allows, at a sentence if there is one, else at a word, and leaves space for the word
  /// at `end`.
  private int nextStart(Words words, int first, int end) {
    int available = Math.min(overlapTokens, maxTokens - words.get(end).tokens);
    int best = end;
    int tokens = 0;
    for (int i = end - 1; i > first; i--) {
      tokens += words.get(i).tokens;
      if (tokens > available || words.get(end).end - words.get(i).start > maxOverlapChars) {
        break;
      }
      Break before = words.get(i).before;
      // Sentences, lines and paragraphs are equally good starts. The earliest gives the longest
      // overlap.
      if (best == end
          || before.compareTo(Break.SENTENCE) >= 0
          || before.compareTo(words.get(best).before) >= 0) {
        best = i;
      }
    }
    return best;
  }

  /// What precedes a word, from the worst place to end a chunk to the best.
  private enum Break {
    NONE,
    SPACE,
    SENTENCE,
    LINE,
    PARAGRAPH
  }

  /// A run without white space, or a part of a long run.
  private record Word(int start, int end, int tokens, Break before) {}

  /// Reads words on demand, and keeps those that the next chunk may contain.
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
        end = splitPosition(start, end);
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

    /// Counts a carriage return and line feed as one line end.
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
      // Languages without spaces between words use these marks.
      return endsSentence(gap, "\u3002\uFF01\uFF1F") ? Break.SENTENCE : Break.NONE;
    }

    /// Up to three closing quotes or brackets may follow the mark.
    private boolean endsSentence(int at, String marks) {
      int last = at - 1;
      while (last >= Math.max(0, at - 4)
          && "\"')]}\u00BB\u201D\u2019\u300D\u300F".indexOf(text.charAt(last)) >= 0) {
        last--;
      }
      return last >= 0 && marks.indexOf(text.charAt(last)) >= 0;
    }

    /// The position, at most `end`, at which to split a long run: after the last character in its
    /// second half that is neither letter nor digit. It never splits what a reader sees as one
    /// character, unless the run consists of only one.
    private int splitPosition(int start, int end) {
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

    /// False inside of a surrogate pair, before a combining mark or modifier, and next to a joiner.
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
