package dev.sheaf.backup;

import dev.sheaf.backup.BackupListener.Phase;
import dev.sheaf.backup.BackupListener.Progress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Keeps count of what is done, and tells a listener every few seconds.
final class Tracker implements AutoCloseable {

  private static final Duration INTERVAL = Duration.ofSeconds(2);

  /// `pg_dump: dumping contents of table "public.chunk_1"`, `pg_restore: processing data for table
  /// ...`
  private static final Pattern DATA =
      Pattern.compile(": (?:dumping contents of|processing data for) table \"(.*)\"");

  /// `pg_restore: creating INDEX "public.embedding_1_hnsw"`
  private static final Pattern OBJECT =
      Pattern.compile(": creating (INDEX|CONSTRAINT|FK CONSTRAINT) \"(.*)\"");

  private final BackupListener listener;
  private final long start = System.nanoTime();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /// How many tables' rows have begun to be done.
  private int begun;

  private Progress now = new Progress(Phase.CHECKING, 0, 0, 0, 0, Duration.ZERO, "");

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
      begun = 0;
      now = new Progress(phase, 0, ofTables, 0, ofBytes, sofar(), "");
    }
    listener.progress(now());
  }

  synchronized void tables(int done) {
    now = new Progress(now.phase(), done, now.ofTables(), now.bytes(), now.ofBytes(), sofar(), "");
  }

  /// Hears what `pg_dump` or `pg_restore` says with `--verbose`.
  synchronized void heard(String line) {
    Matcher data = DATA.matcher(line);
    Matcher object = OBJECT.matcher(line);
    int tables;
    String doing;
    if (data.find()) {
      tables = begun++;
      doing = "TABLE " + data.group(1);
    } else if (object.find()) {
      // All data is there before the first index.
      tables = begun;
      doing = object.group(1) + " " + object.group(2);
    } else {
      return;
    }
    now =
        new Progress(
            now.phase(), tables, now.ofTables(), now.bytes(), now.ofBytes(), sofar(), doing);
  }

  synchronized void moreBytes(long count) {
    now =
        new Progress(
            now.phase(),
            now.tables(),
            now.ofTables(),
            now.bytes() + count,
            now.ofBytes(),
            sofar(),
            now.doing());
  }

  void note(String text) {
    listener.note(text);
  }

  Duration sofar() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  synchronized Progress now() {
    return new Progress(
        now.phase(),
        now.tables(),
        now.ofTables(),
        now.bytes(),
        now.ofBytes(),
        sofar(),
        now.doing());
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
