package dev.sheaf.ingestion;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/// Unpacks a compressed upload, and rejects one that unpacks to far more than it is.
final class UnpackedStream extends FilterInputStream {

  /// Text of documents unpacks to 3 to 20 times its compressed size.
  static final int MAX_RATIO = 200;

  /// The ratio does not matter before this many bytes are unpacked.
  private static final long ALWAYS_ACCEPTED = 8L * 1024 * 1024;

  private static final int BUFFER = 64 * 1024;

  private final Counted packed;
  private long unpacked;

  private UnpackedStream(Counted packed) throws IOException {
    super(new GZIPInputStream(packed, BUFFER));
    this.packed = packed;
  }

  /// @throws IOException if the body is not gzip
  static UnpackedStream gzip(InputStream body) throws IOException {
    return new UnpackedStream(new Counted(body));
  }

  @Override
  public int read() throws IOException {
    int value = super.read();
    count(value < 0 ? 0 : 1);
    return value;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int read = super.read(buffer, offset, length);
    count(Math.max(read, 0));
    return read;
  }

  private void count(int read) {
    unpacked += read;
    if (unpacked > ALWAYS_ACCEPTED && unpacked / MAX_RATIO > packed.count) {
      throw new Problem(
          ProblemType.BODY_TOO_LARGE,
          "The upload unpacks to more than "
              + MAX_RATIO
              + " times its size. Send it in parts, or without compression.");
    }
  }

  private static final class Counted extends FilterInputStream {

    private long count;

    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      count += value < 0 ? 0 : 1;
      return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      count += Math.max(read, 0);
      return read;
    }
  }
}
