package dev.sheaf.ingestion;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// The lines of a stream, one at a time, never holding more than the longest line allowed.
final class LineReader {

  private final InputStream in;
  private final int maxLine;
  private final byte[] buffer = new byte[64 * 1024];
  private int next;
  private int end;
  private long number;
  private long position;

  /// @param number of the last line before the stream
  /// @param position where in the upload the stream begins, in bytes
  LineReader(InputStream in, int maxLine, long number, long position) {
    this.in = in;
    this.maxLine = maxLine;
    this.number = number;
    this.position = position;
  }

  /// A line without its end.
  ///
  /// @param number from 1
  /// @param bytes `null` when it is longer than allowed, and was skipped
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
  /// @throws IOException when the stream breaks off; what it held of a line is lost
  @Nullable Line next() throws IOException {
    if (next == end && !fill()) {
      return null;
    }
    var line = new ByteArrayOutputStream();
    boolean tooLong = false;
    boolean ended = false;
    do {
      int start = next;
      while (next < end && buffer[next] != '\n') {
        next++;
      }
      ended = next < end;
      tooLong |= line.size() + next - start > maxLine;
      if (!tooLong) {
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

  /// Where the next line begins, in bytes from the beginning of the upload.
  long position() {
    return position;
  }
}
