package dev.sheaf.ingestion;

import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.ConcurrencyLimiter.Permit;
import dev.sheaf.limits.WorkKind;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The permit of one upload. The upload holds it while it uses connections, and not while it waits
/// for its client, so a client that sends slowly does not keep others from uploading.
///
/// Thread-safe: a batch ends in another thread than it begins.
final class UploadPermit implements AutoCloseable {

  /// An upload that has begun waits for its next turn rather than that it fails.
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final @Nullable ConcurrencyLimiter limiter;
  private final @Nullable String caller;
  private @Nullable Permit permit;
  private int users;

  /// @param caller has at most its share of the permits
  UploadPermit(ConcurrencyLimiter limiter, String caller) {
    this.limiter = limiter;
    this.caller = caller;
  }

  private UploadPermit() {
    this.limiter = null;
    this.caller = null;
  }

  /// For background work, which has connections of its own.
  static UploadPermit unlimited() {
    return new UploadPermit();
  }

  /// Work that uses a connection.
  interface Work<T extends @Nullable Object, X extends Exception> {
    T run() throws X;
  }

  /// Runs work that uses a connection.
  ///
  /// @param patient see [#acquire]
  <T extends @Nullable Object, X extends Exception> T call(boolean patient, Work<T, X> work)
      throws X {
    acquire(patient);
    try {
      return work.run();
    } finally {
      release();
    }
  }

  /// Waits for the permit, unless the upload holds it. Give it back with [#release] once for each
  /// call.
  ///
  /// @param patient whether a part of the upload is stored, so that it should not fail because
  ///   others are running
  /// @throws dev.sheaf.problem.Problem `OVERLOADED` if it is not available in time
  /// @throws JobProgress.StoppedException if the thread is interrupted
  synchronized void acquire(boolean patient) {
    if (users == 0 && limiter != null) {
      try {
        permit =
            patient
                ? limiter.acquire(WorkKind.UPLOAD, caller, PATIENCE)
                : limiter.acquire(WorkKind.UPLOAD, caller);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new JobProgress.StoppedException();
      }
    }
    users++;
  }

  synchronized void release() {
    users--;
    if (users == 0) {
      close();
    }
  }

  /// Gives the permit back, also if work was interrupted before it could do so.
  @Override
  public synchronized void close() {
    if (permit != null) {
      permit.close();
      permit = null;
    }
  }

  /// Whether other uploads wait for a permit, so that this one should give its own back.
  boolean isContended() {
    return limiter != null && limiter.isContended(WorkKind.UPLOAD);
  }
}
