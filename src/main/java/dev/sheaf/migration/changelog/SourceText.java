package dev.sheaf.migration.changelog;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The text of a file as bytes in UTF-8: without a byte order mark, and with every CRLF as LF, so
/// that neither makes a difference to anybody.
///
/// Text stays bytes until a statement is sent, because a large file takes twice its size as a
/// `String`, and again as much as a list of statements.
public final class SourceText {

  /// The largest changelog file: 64 MiB.
  public static final int MAX_BYTES = 64 << 20;

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final byte[] bytes;

  /// Where the lines of this text stand in the file.
  private final Lines lines;

  private SourceText(byte[] bytes, Lines lines) {
    this.bytes = bytes;
    this.lines = lines;
  }

  /// Where a character stands.
  ///
  /// @param line from 1
  /// @param column in characters, from 1
  record Position(int line, int column) {}

  /// A part of a file, line by line.
  private interface Lines {
    Position inFile(int line, int column);
  }

  /// The text of a file.
  ///
  /// @param file its bytes, whatever they are; [#invalid] says whether they are UTF-8
  public static SourceText of(byte[] file) {
    int start =
        Arrays.equals(file, 0, Math.min(3, file.length), BYTE_ORDER_MARK, 0, 3)
            ? BYTE_ORDER_MARK.length
            : 0;
    return new SourceText(withoutCarriageReturns(file, start), Position::new);
  }

  /// A text that stands in no file.
  public static SourceText of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] withoutCarriageReturns(byte[] file, int start) {
    byte[] text = start == 0 ? file : Arrays.copyOfRange(file, start, file.length);
    int length = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] != '\r' || i + 1 == text.length || text[i + 1] != '\n') {
        length++;
      }
    }
    if (length == text.length) {
      return text;
    }
    byte[] normalized = new byte[length];
    int end = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] != '\r' || i + 1 == text.length || text[i + 1] != '\n') {
        normalized[end++] = text[i];
      }
    }
    return normalized;
  }

  /// In bytes.
  public int length() {
    return bytes.length;
  }

  byte at(int offset) {
    return bytes[offset];
  }

  /// @param start of the first character
  /// @param end behind the last one
  String text(int start, int end) {
    return new String(bytes, start, end - start, StandardCharsets.UTF_8);
  }

  /// The bytes from `start` to `end`.
  InputStream stream(int start, int end) {
    return new ByteArrayInputStream(bytes, start, end - start);
  }

  /// The offset of the next line feed from `start` on; that of the end when there is none.
  int endOfLine(int start) {
    return endOfLine(start, bytes.length);
  }

  /// The same; `limit` when there is none before it.
  int endOfLine(int start, int limit) {
    int end = start;
    while (end < limit && bytes[end] != '\n') {
      end++;
    }
    return end;
  }

  /// The offset of the first character from `start` on that is no white space; that of the end when
  /// there is none.
  int skipSpace(int start) {
    int i = start;
    while (i < bytes.length && SqlLexer.isSpace(bytes[i])) {
      i++;
    }
    return i;
  }

  /// Adds the whole text to a digest.
  public void update(MessageDigest digest) {
    digest.update(bytes);
  }

  void update(MessageDigest digest, int start, int end) {
    digest.update(bytes, start, end - start);
  }

  boolean isStartOfLine(int offset) {
    return offset == 0 || bytes[offset - 1] == '\n';
  }

  /// The offset of the first byte that is no UTF-8, or of the first NUL, which PostgreSQL does not
  /// take; -1 when there is neither.
  int invalid() {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(8192);
    CoderResult result;
    do {
      out.clear();
      result = decoder.decode(in, out, true);
    } while (result.isOverflow());
    int end = in.position();
    for (int i = 0; i < end; i++) {
      if (bytes[i] == 0) {
        return i;
      }
    }
    return result.isError() ? end : -1;
  }

  /// The whole text.
  @Override
  public String toString() {
    return text(0, bytes.length);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SourceText text && Arrays.equals(bytes, text.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /// Says where offsets stand. It walks from one to the next, so asking in ascending order costs
  /// one pass.
  static final class Positions {
    private final SourceText text;
    private int offset;
    private int line = 1;
    private int column = 1;

    Positions(SourceText text) {
      this.text = text;
    }

    Position of(int wanted) {
      if (wanted < offset) {
        back(wanted);
      }
      for (; offset < wanted; offset++) {
        if (text.bytes[offset] == '\n') {
          line++;
          column = 1;
        } else if (isCharacter(text.bytes[offset])) {
          column++;
        }
      }
      return text.lines.inFile(line, column);
    }

    private void back(int wanted) {
      for (; offset > wanted; offset--) {
        if (text.bytes[offset - 1] == '\n') {
          line--;
        }
      }
      column = 1;
      for (int i = offset - 1; i >= 0 && text.bytes[i] != '\n'; i--) {
        if (isCharacter(text.bytes[i])) {
          column++;
        }
      }
    }

    /// Every byte of a character but the first begins with the bits 10.
    private static boolean isCharacter(byte b) {
      return (b & 0xC0) != 0x80;
    }
  }

  /// Puts a text together from parts of a file's lines, each a line of its own.
  static final class Builder {
    private byte[] bytes = new byte[256];
    private int length;
    private int[] lines = new int[16];
    private int[] columns = new int[16];
    private int count;

    /// @param source what the part is taken from
    /// @param position where it starts
    void add(SourceText source, int start, int end, Position position) {
      int needed = length + end - start + 1;
      if (needed > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(needed, 2 * bytes.length));
      }
      System.arraycopy(source.bytes, start, bytes, length, end - start);
      length = needed;
      bytes[length - 1] = '\n';
      if (count == lines.length) {
        lines = Arrays.copyOf(lines, 2 * count);
        columns = Arrays.copyOf(columns, 2 * count);
      }
      lines[count] = position.line();
      columns[count] = position.column();
      count++;
    }

    boolean isEmpty() {
      return count == 0;
    }

    SourceText build() {
      int[] inFile = Arrays.copyOf(lines, count);
      int[] shift = Arrays.copyOf(columns, count);
      return new SourceText(
          Arrays.copyOf(bytes, length),
          (line, column) -> {
            int index = Math.min(line, inFile.length) - 1;
            return new Position(inFile[index], shift[index] + column - 1);
          });
    }
  }
}
