package dev.sheaf.transfer;

import dev.sheaf.runtime.CountedInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Uploads JSON lines unchanged, compressed or not, from a file or from a stream.
final class JsonLines implements Upload {

  private static final int GZIP_MAGIC = 0x1f8b;

  private final String name;
  private final @Nullable Path file;
  private final @Nullable InputStream stream;
  private final long size;
  private final boolean compressed;

  private JsonLines(
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

  static JsonLines of(String name, Path file) throws IOException {
    try (var start = new BufferedInputStream(Files.newInputStream(file))) {
      return new JsonLines(name, file, null, Files.size(file), isGzip(start));
    }
  }

  static JsonLines of(String name, InputStream stream) throws IOException {
    var buffered = new BufferedInputStream(stream);
    return new JsonLines(name, null, buffered, -1, isGzip(buffered));
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
  public InputStream open(LongConsumer progress) throws IOException {
    return new ProgressStream(
        stream != null ? stream : Files.newInputStream(java.util.Objects.requireNonNull(file)),
        progress);
  }

  @Override
  public String location(long line) {
    return name + ":" + line;
  }

  @Override
  public List<RejectedDocument> rejected() {
    return List.of();
  }

  /// Reports the number of bytes that are read.
  private static final class ProgressStream extends CountedInputStream {
    private final LongConsumer progress;
    private long count;

    ProgressStream(InputStream in, LongConsumer progress) {
      super(in);
      this.progress = progress;
    }

    @Override
    protected void count(int bytes) {
      count += bytes;
      progress.accept(count);
    }
  }
}
