package dev.sheaf.ingestion;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// Reads the lines of a stream, and never holds more than one line of the maximum length.
final class LineReader {

  /// A longer line needs memory of its own. See [LongLines].
  static final int SHORT_LINE = 256 * 1024;

  private static final int LONG_LINE = 1024 * 1024;

  /// Reserves memory for long lines.
  interface LongLines {
    /// Called while a line is read, before it becomes longer than [#SHORT_LINE], and again if it
    /// becomes much longer.
    ///
    /// @param bytes the length that the line may have until the next call
    void reserve(int bytes);
  }

  private final InputStream in;
  private final int maxLine;
  private final byte[] buffer = new byte[64 * 1024];
  private int next;
  private int end;
  private long number;
  private long position;

  /// @param number number of the last line before the stream
  /// @param position offset of the stream in the upload, in bytes
  LineReader(InputStream in, int maxLine, long number, long position) {
    this.in = in;
    this.maxLine = maxLine;
    this.number = number;
    this.position = position;
  }

  /// A line without its terminator.
  ///
  /// @param number from 1
  /// @param bytes `null` if the line was skipped because it is too long
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Line(long number, byte @Nullable [] bytes) {

    boolean isBlank() {
      if (bytes == null) {
        return false;
      }
      for (byte b : bytes) {
        if (b != ' ' && b != '\t' && b != '\r') {
          return false;
        }
      }
      return true;
    }
  }

  /// @return `null` at the end of the stream
  /// @throws IOException if the stream ends unexpectedly; an incomplete line is lost
  @Nullable Line next(LongLines longLines) throws IOException {
    if (next == end && !fill()) {
      return null;
    }
    var line = new ByteArrayOutputStream();
    boolean tooLong = false;
    boolean ended = false;
    int affordable = SHORT_LINE;
    do {
      int start = next;
      while (next < end && buffer[next] != '\n') {
        next++;
      }
      ended = next < end;
      tooLong |= line.size() + next - start > maxLine;
      if (!tooLong) {
        if (line.size() + next - start > affordable) {
          affordable = affordable == SHORT_LINE ? Math.min(LONG_LINE, maxLine) : maxLine;
          longLines.reserve(affordable);
        }
        line.write(buffer, start, next - start);
      } else {
        line.reset();
      }
      if (ended) {
        next++;
      }
      position += next - start;
    } while (!ended && fill());
    return new Line(++number, tooLong ? null : line.toByteArray());
  }

  private boolean fill() throws IOException {
    next = 0;
    end = Math.max(0, in.read(buffer, 0, buffer.length));
    return end > 0;
  }

  /// The number of the last line that was read.
  long number() {
    return number;
  }

  /// The offset of the next line in the upload, in bytes.
  long position() {
    return position;
  }
}
