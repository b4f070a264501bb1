package dev.sheaf.runtime;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// A stream that is told how many bytes are read from it.
public abstract class CountedInputStream extends FilterInputStream {

  protected CountedInputStream(InputStream in) {
    super(in);
  }

  /// Receives the number of bytes of each read, which is 0 at the end of the stream.
  protected abstract void count(int bytes) throws IOException;

  @Override
  public int read() throws IOException {
    int value = super.read();
    count(value < 0 ? 0 : 1);
    return value;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int bytes = super.read(buffer, offset, length);
    count(Math.max(bytes, 0));
    return bytes;
  }
}
