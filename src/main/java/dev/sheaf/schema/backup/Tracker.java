package dev.sheaf.schema.backup;

import dev.sheaf.schema.backup.BackupListener.Phase;
import dev.sheaf.schema.backup.BackupListener.Progress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Keeps count of what is done, and tells a listener every few seconds.
final class Tracker implements AutoCloseable {

  private static final Duration INTERVAL = Duration.ofSeconds(2);

  private final BackupListener listener;
  private final long begun = System.nanoTime();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private Progress now = new Progress(Phase.CHECKING, 0, 0, 0, 0, Duration.ZERO);

  Tracker(BackupListener listener) {
    this.listener = listener;
    this.thread = Thread.ofVirtual().start(this::tick);
  }

  /// A phase begins; the listener hears it before this returns.
  ///
  /// @param ofTables 0 when it has to do with none
  /// @param ofBytes 0 when that is not known
  void begin(Phase phase, int ofTables, long ofBytes) {
    synchronized (this) {
      now = new Progress(phase, 0, ofTables, 0, ofBytes, sofar());
    }
    listener.progress(now());
  }

  synchronized void tables(int done) {
    now = new Progress(now.phase(), done, now.ofTables(), now.bytes(), now.ofBytes(), sofar());
  }

  synchronized void moreBytes(long count) {
    now =
        new Progress(
            now.phase(), now.tables(), now.ofTables(), now.bytes() + count, now.ofBytes(), sofar());
  }

  void note(String text) {
    listener.note(text);
  }

  Duration sofar() {
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  private synchronized Progress now() {
    return new Progress(
        now.phase(), now.tables(), now.ofTables(), now.bytes(), now.ofBytes(), sofar());
  }

  private void tick() {
    try {
      while (!closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        listener.progress(now());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Returns when the listener will not be called again.
  @Override
  public void close() {
    closed.countDown();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
