package dev.sheaf.document;

import dev.sheaf.limits.LimitsConfig;
import dev.sheaf.limits.TransferRate;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Keeps what exports have read from the database and their clients have not read, in temporary
/// files. So the transaction of an export ends when the database has been read, however slowly the
/// client reads. All files together have at most `sheaf.limits.export-spool` bytes; an export that
/// finds no room waits for its client, which must read at `sheaf.limits.transfer-rate` then.
@ApplicationScoped
class ExportSpool {

  private static final Logger LOG = Logger.getLogger(ExportSpool.class);

  /// What one export needs in memory, in bytes.
  static final long MEMORY = 256 * 1024;

  private static final int CHUNK = 64 * 1024;

  /// How often a consumer without data looks whether its client is still there.
  private static final long LOOK_EVERY_MILLIS = 500;

  private final long limit;
  private final TransferRate rate;
  private final AtomicLong used = new AtomicLong();

  @Inject
  ExportSpool(LimitsConfig config) {
    this(config.exportSpool().asLongValue(), TransferRate.of(config));
  }

  /// @param limit the size of all files together, in bytes
  /// @param rate of the reader while the writer waits for it
  ExportSpool(long limit, TransferRate rate) {
    this.limit = limit;
    this.rate = rate;
  }

  /// Opens the pipe of one export.
  Pipe open() {
    return new Pipe();
  }

  /// The number of bytes in all files.
  long used() {
    return used.get();
  }

  private boolean tryUse(long bytes) {
    long before = used.getAndUpdate(now -> now + bytes <= limit ? now + bytes : now);
    return before + bytes <= limit;
  }

  /// From one thread that writes to one that reads. Data that the reader is not ready for is
  /// written to a file, if there is room.
  final class Pipe implements AutoCloseable {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable FileChannel file;
    private boolean fileFailed;

    /// Precedes the content of the file.
    private byte @Nullable [] direct;

    private long written;
    private long read;

    /// Of all data.
    private long delivered;

    /// How late the reader is.
    private long late;

    private boolean complete;
    private boolean closed;
    private @Nullable Throwable failure;

    /// The side that writes. Closing it completes the pipe.
    OutputStream in() {
      return new Writer();
    }

    /// Ends the pipe with a failure, which [#copyTo] throws after all data.
    void fail(Throwable reason) {
      lock.lock();
      try {
        failure = reason;
        complete = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /// Copies everything that is written, until it is complete.
    ///
    /// @param look called now and then while there is no data; may throw
    /// @return the failure with which it ended; `null` if it is complete
    @Nullable Throwable copyTo(OutputStream out, Runnable look)
        throws IOException, InterruptedException {
      for (byte[] chunk = next(look); chunk != null; chunk = next(look)) {
        out.write(chunk);
      }
      return failure;
    }

    /// `null` at the end.
    private byte @Nullable [] next(Runnable look) throws IOException, InterruptedException {
      lock.lockInterruptibly();
      try {
        while (true) {
          byte[] chunk = direct;
          if (chunk != null) {
            direct = null;
            delivered += chunk.length;
            changed.signalAll();
            return chunk;
          }
          if (read < written) {
            return readFile();
          }
          if (complete) {
            return null;
          }
          if (!changed.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
            look.run();
          }
        }
      } finally {
        lock.unlock();
      }
    }

    private byte[] readFile() throws IOException {
      FileChannel channel = Objects.requireNonNull(file);
      ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, written - read));
      while (chunk.hasRemaining()) {
        if (channel.read(chunk, read + chunk.position()) < 0) {
          throw new IOException("the temporary file of the export is too short");
        }
      }
      read += chunk.capacity();
      delivered += chunk.capacity();
      if (read == written) {
        empty();
        changed.signalAll();
      }
      return chunk.array();
    }

    private void empty() throws IOException {
      used.addAndGet(-written);
      read = 0;
      written = 0;
      if (file != null) {
        file.truncate(0);
      }
    }

    private void put(byte[] chunk) throws IOException {
      lock.lock();
      try {
        while (true) {
          if (closed) {
            throw new IOException("the client of the export is gone");
          }
          if (direct == null && written == 0) {
            direct = chunk;
            changed.signalAll();
            return;
          }
          if (!fileFailed && tryUse(chunk.length)) {
            if (writeFile(chunk)) {
              changed.signalAll();
              return;
            }
            used.addAndGet(-chunk.length);
          }
          awaitReader();
        }
      } finally {
        lock.unlock();
      }
    }

    @SuppressWarnings("WaitNotInLoop") // The caller has the loop.
    private void awaitReader() throws IOException {
      long start = System.nanoTime();
      long before = delivered;
      try {
        changed.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
      late = rate.late(late, System.nanoTime() - start, delivered - before);
      if (rate.isTooLate(late)) {
        throw new IOException(
            "the client reads too slowly, and sheaf.limits.export-spool has no room for the rest");
      }
    }

    /// If the disk is full or read-only, the export goes on without a file.
    private boolean writeFile(byte[] chunk) {
      try {
        if (file == null) {
          file = create();
        }
        ByteBuffer rest = ByteBuffer.wrap(chunk);
        while (rest.hasRemaining()) {
          file.write(rest, written + rest.position());
        }
        written += chunk.length;
        return true;
      } catch (IOException e) {
        fileFailed = true;
        LOG.warnf(
            "No temporary file for an export, which keeps its transaction open until the client has read it: reason=%s",
            e.getMessage());
        return false;
      }
    }

    /// Gives up the data that is not read. The writer fails.
    @Override
    public void close() throws IOException {
      lock.lock();
      try {
        closed = true;
        direct = null;
        changed.signalAll();
        used.addAndGet(-written);
        read = 0;
        written = 0;
        if (file != null) {
          file.close();
        }
      } finally {
        lock.unlock();
      }
    }

    private final class Writer extends OutputStream {
      private byte[] chunk = new byte[CHUNK];
      private int length;

      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int count) throws IOException {
        int from = offset;
        int end = offset + count;
        while (from < end) {
          int part = Math.min(end - from, CHUNK - length);
          System.arraycopy(bytes, from, chunk, length, part);
          length += part;
          from += part;
          if (length == CHUNK) {
            put(chunk);
            chunk = new byte[CHUNK];
            length = 0;
          }
        }
      }

      @Override
      public void close() throws IOException {
        if (length > 0) {
          put(Arrays.copyOf(chunk, length));
          length = 0;
        }
        lock.lock();
        try {
          complete = true;
          changed.signalAll();
        } finally {
          lock.unlock();
        }
      }
    }
  }

  /// A file of this user alone. Unix deletes its name at once, so nothing is left of a process that
  /// is killed.
  private static FileChannel create() throws IOException {
    Path path = Files.createTempFile("sheaf-export", null);
    return FileChannel.open(
        path,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE,
        StandardOpenOption.DELETE_ON_CLOSE);
  }
}
