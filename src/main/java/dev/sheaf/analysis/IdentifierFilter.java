package dev.sheaf.analysis;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.lucene.analysis.TokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionLengthAttribute;
import org.apache.lucene.analysis.tokenattributes.TypeAttribute;
import org.jspecify.annotations.Nullable;

/// Adds a word for several that only punctuation separates in the text, or nothing: for the words
/// of `HttpClient` and `lib/x86_64`, these identifiers. It precedes them at the same position.
final class IdentifierFilter extends TokenFilter {

  private static final String SEPARATORS = "-._/\\:@+~#&='\u2019\u2010\u2011\u200C";

  private static final int MAX_SEPARATOR = 2;

  private static final int MAX_PARTS = 64;

  private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
  private final OffsetAttribute offset = addAttribute(OffsetAttribute.class);
  private final PositionIncrementAttribute increment =
      addAttribute(PositionIncrementAttribute.class);
  private final PositionLengthAttribute length = addAttribute(PositionLengthAttribute.class);
  private final TypeAttribute type = addAttribute(TypeAttribute.class);

  private final Deque<State> parts = new ArrayDeque<>();
  private String text = "";
  private @Nullable State next;
  private boolean isFirstPart;

  IdentifierFilter(TokenStream words) {
    super(words);
  }

  /// @param text that the words are from
  void setText(String text) {
    this.text = text;
  }

  @Override
  public void reset() throws IOException {
    super.reset();
    parts.clear();
    next = null;
    isFirstPart = false;
  }

  @Override
  public boolean incrementToken() throws IOException {
    State part = parts.poll();
    if (part != null) {
      restoreState(part);
      if (isFirstPart) {
        increment.setPositionIncrement(0);
        isFirstPart = false;
      }
      return true;
    }
    if (next != null) {
      restoreState(next);
      next = null;
    } else if (!input.incrementToken()) {
      return false;
    }
    if (!canBePart()) {
      return true;
    }
    int start = offset.startOffset();
    int end = readParts();
    int withSuffix = endOfSuffix(end);
    State first = parts.getFirst();
    restoreState(first);
    if ((parts.size() == 1 && withSuffix == end)
        || parts.size() > MAX_PARTS
        || withSuffix - start > TextAnalyzer.MAX_LENGTH) {
      parts.removeFirst();
      return true;
    }
    term.setEmpty().append(text, start, withSuffix);
    offset.setOffset(start, withSuffix);
    length.setPositionLength(parts.size());
    isFirstPart = true;
    return true;
  }

  /// Reads all parts that belong to the current one.
  ///
  /// @return the end of the last
  private int readParts() throws IOException {
    int end = offset.endOffset();
    parts.add(captureState());
    while (parts.size() <= MAX_PARTS) {
      if (!input.incrementToken()) {
        break;
      }
      if (increment.getPositionIncrement() != 1
          || !canBePart()
          || !areJoined(end, offset.startOffset())) {
        next = captureState();
        break;
      }
      end = offset.endOffset();
      parts.add(captureState());
    }
    return end;
  }

  /// Not for words of scripts that are written without spaces.
  private boolean canBePart() {
    String kind = type.type();
    return ("<ALPHANUM>".equals(kind) || "<NUM>".equals(kind))
        && !isWrittenWithoutSpaces(text.codePointAt(offset.startOffset()));
  }

  private static boolean isWrittenWithoutSpaces(int character) {
    return switch (Character.UnicodeScript.of(character)) {
      case THAI, LAO, KHMER, MYANMAR -> true;
      default -> false;
    };
  }

  private boolean areJoined(int end, int start) {
    if (start < end || start - end > MAX_SEPARATOR) {
      return false;
    }
    for (int i = end; i < start; i++) {
      char character = text.charAt(i);
      boolean inNumber =
          character == ','
              && start == end + 1
              && Character.isDigit(text.charAt(end - 1))
              && Character.isDigit(text.charAt(start));
      if (SEPARATORS.indexOf(character) < 0 && !inNumber) {
        return false;
      }
    }
    return true;
  }

  /// As in `C++` and `C#`.
  private int endOfSuffix(int end) {
    if (text.startsWith("++", end)) {
      return end + 2;
    }
    return text.startsWith("#", end) ? end + 1 : end;
  }
}
