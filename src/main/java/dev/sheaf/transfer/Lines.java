package dev.sheaf.transfer;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Lines of JSON as they are, gzip or not, from a file or from a stream that is read once.
final class Lines implements Upload {

  private static final int GZIP_MAGIC = 0x1f8b;

  private final String name;
  private final @Nullable Path file;
  private final @Nullable InputStream stream;
  private final long size;
  private final boolean compressed;

  private Lines(
      String name,
      @Nullable Path file,
      @Nullable InputStream stream,
      long size,
      boolean compressed) {
    this.name = name;
    this.file = file;
    this.stream = stream;
    this.size = size;
    this.compressed = compressed;
  }

  static Lines of(String name, Path file) throws IOException {
    try (var start = new BufferedInputStream(Files.newInputStream(file))) {
      return new Lines(name, file, null, Files.size(file), isGzip(start));
    }
  }

  static Lines of(String name, InputStream stream) throws IOException {
    var buffered = new BufferedInputStream(stream);
    return new Lines(name, null, buffered, -1, isGzip(buffered));
  }

  static boolean isGzip(BufferedInputStream in) throws IOException {
    in.mark(2);
    int magic = in.read() << 8 | in.read();
    in.reset();
    return magic == GZIP_MAGIC;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean isRepeatable() {
    return file != null;
  }

  @Override
  public boolean isCompressed() {
    return compressed;
  }

  @Override
  public InputStream open(LongConsumer read) throws IOException {
    return new Counted(
        stream != null ? stream : Files.newInputStream(java.util.Objects.requireNonNull(file)),
        read);
  }

  @Override
  public String place(long line) {
    return name + ":" + line;
  }

  @Override
  public List<Refusal> unread() {
    return List.of();
  }

  /// Says how much of it is read.
  private static final class Counted extends FilterInputStream {
    private final LongConsumer read;
    private long count;

    Counted(InputStream in, LongConsumer read) {
      super(in);
      this.read = read;
    }

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

    private void count(int bytes) {
      count += bytes;
      read.accept(count);
    }
  }
}
