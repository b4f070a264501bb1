package dev.sheaf.ingestion;

import dev.sheaf.http.Caller;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.Hashes;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestInputStream;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Uploads with a job: those that are stored first and loaded later, and those with an idempotency
/// key, whose result is stored.
@ApplicationScoped
class JobService {

  private static final Logger LOG = Logger.getLogger(JobService.class);

  private static final int PART_BYTES = 1024 * 1024;
  private static final int MAX_LISTED = 100;

  private final JobTable table;
  private final Loader loader;
  private final IngestionConfig config;

  JobService(JobTable table, Loader loader, IngestionConfig config) {
    this.table = table;
    this.loader = loader;
    this.config = config;
  }

  /// The job of an earlier request with the same key.
  ///
  /// @param body of this request; read to its end if there is an earlier one to compare it with
  /// @param permit held while the database is asked
  /// @throws Problem `BUSY` if that request is still in progress, `KEY_REUSED` if it had another
  ///   body
  Optional<Job> findEarlier(
      Loader.Target target, RequestKey key, InputStream body, UploadPermit permit)
      throws SQLException {
    Optional<JobTable.KeyedJob> earlier =
        permit.call(
            false,
            () -> {
              table.deleteAbandoned(target, key);
              return table.find(target, key);
            });
    if (earlier.isEmpty()) {
      return Optional.empty();
    }
    if (!isAnswered(earlier.get().job())) {
      throw busy(key);
    }
    byte[] hash = earlier.get().requestHash();
    if (hash != null && !Arrays.equals(hash, hash(body))) {
      throw new Problem(
          ProblemType.KEY_REUSED,
          "An earlier request with Idempotency-Key %s had another body. Send this one with another key, or repeat the earlier one unchanged."
              .formatted(key.key()));
    }
    return Optional.of(earlier.get().job());
  }

  private static byte[] hash(InputStream body) {
    var hashed = new DigestInputStream(body, Hashes.sha256());
    try {
      hashed.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new Problem(
          ProblemType.BODY_BROKEN_OFF,
          "The upload ended unexpectedly. Send the whole upload again with the same Idempotency-Key.");
    }
    return hashed.getMessageDigest().digest();
  }

  private static boolean isAnswered(Job job) {
    return job.state().isFinished() || (job.async() && job.state() != JobState.RECEIVING);
  }

  /// Stores an upload and queues its job.
  ///
  /// @param creator the owner of the job, as in [Caller#name]
  /// @param permit held while a part of the upload is written
  /// @throws Problem if the upload is incomplete or too large, or too much of the caller is
  ///   waiting; nothing is stored then
  Job store(
      Loader.Target target,
      @Nullable RequestKey key,
      String creator,
      InputStream body,
      UploadPermit permit)
      throws SQLException {
    long id =
        permit.call(
            false,
            () -> {
              requireRoom(creator, 1);
              return begin(target, true, key, creator);
            });
    var hashed = new DigestInputStream(body, Hashes.sha256());
    boolean stored = false;
    try {
      long bytes = storeParts(id, hashed, permit);
      byte[] hash = hashed.getMessageDigest().digest();
      stored =
          permit.call(
              true,
              () -> {
                // Others of the caller may have arrived meanwhile.
                requireRoom(creator, bytes);
                return table.queue(id, bytes, hash);
              });
    } catch (IOException e) {
      throw new Problem(
          ProblemType.BODY_BROKEN_OFF,
          "The upload ended unexpectedly. Nothing is stored. Send the whole upload again.");
    } finally {
      if (!stored) {
        table.disown(id);
        table.deleteReceiving(id);
      }
    }
    return table.find(id).orElseThrow(() -> notFound(id));
  }

  private void requireRoom(String creator, long bytes) throws SQLException {
    long waiting = table.waitingBytes(creator);
    long limit = config.maxWaitingSize().asLongValue();
    if (waiting + bytes > limit) {
      throw new Problem(
          ProblemType.TOO_MANY_REQUESTS,
          "Stored uploads of the caller have %s bytes, uncompressed, that are not loaded yet, and %s are allowed with this one. Wait until jobs have ended, cancel some, or raise sheaf.ingestion.max-waiting-size."
              .formatted(waiting, limit));
    }
  }

  /// Stores the parts of an upload until its end, or until the job is cancelled.
  ///
  /// @return number of stored bytes
  private long storeParts(long id, InputStream body, UploadPermit permit)
      throws IOException, SQLException {
    long position = 0;
    byte[] part = body.readNBytes(PART_BYTES);
    while (part.length > 0 && addPart(id, position, part, permit)) {
      position += part.length;
      if (position > config.maxStoredSize().asLongValue()) {
        throw new Problem(
            ProblemType.BODY_TOO_LARGE,
            "A stored upload may have at most %s bytes, uncompressed. Send it in parts, or raise sheaf.ingestion.max-stored-size."
                .formatted(config.maxStoredSize().asLongValue()));
      }
      part = body.readNBytes(PART_BYTES);
    }
    return position;
  }

  private boolean addPart(long id, long position, byte[] part, UploadPermit permit)
      throws SQLException {
    return permit.call(position > 0, () -> table.addPart(id, position, part));
  }

  /// Loads an upload immediately, and stores the result under its key.
  ///
  /// @param permit held while a batch is prepared or written
  /// @throws Problem `JOB_CANCELLED` if the job is cancelled or deleted in the meantime
  LoadResult load(
      Loader.Target target, RequestKey key, String creator, InputStream body, UploadPermit permit)
      throws SQLException {
    long id = permit.call(false, () -> begin(target, false, key, creator));
    var hashed = new DigestInputStream(body, Hashes.sha256());
    boolean completed = false;
    try {
      LoadResult result =
          loader.load(
              target, loader.batches(hashed), Set.of(), table.progress(id), permit, () -> false);
      table.complete(id, hashed.getMessageDigest().digest());
      completed = true;
      return result;
    } catch (JobProgress.StoppedException e) {
      throw cancelled(id);
    } finally {
      table.disown(id);
      if (!completed) {
        // There is no result to store; the client may retry.
        table.deleteUnfinished(id);
      }
    }
  }

  private long begin(Loader.Target target, boolean async, @Nullable RequestKey key, String creator)
      throws SQLException {
    // Without a key, there is always a new job.
    long id =
        table
            .begin(target, async, key, creator)
            .orElseThrow(() -> busy(Objects.requireNonNull(key)));
    LOG.infof("Ingestion started: job=%s collection=%s async=%s", id, target.collection(), async);
    return id;
  }

  private static Problem busy(RequestKey key) {
    return new Problem(
        ProblemType.BUSY,
        "The first request with Idempotency-Key %s is still in progress. Retry later."
            .formatted(key.key()));
  }

  private static Problem cancelled(long id) {
    return new Problem(
        ProblemType.JOB_CANCELLED,
        "Job "
            + id
            + " of this request was cancelled. Documents that are already loaded stay. To load the others, send the upload again with another Idempotency-Key.");
  }

  /// The result of a job that was loaded immediately.
  ///
  /// @throws Problem `JOB_CANCELLED` if the job was cancelled
  LoadResult result(Job job) throws SQLException {
    if (job.state() == JobState.CANCELLED) {
      throw cancelled(job.id());
    }
    return new LoadResult(job.counts(), table.errors(job.id()));
  }

  /// The newest jobs that the caller may see, newest first.
  List<Job> newest(Caller caller) throws SQLException {
    return table.newest(caller, MAX_LISTED);
  }

  /// @throws Problem if there is no such job, or the caller may not see it
  Job get(Caller caller, long id) throws SQLException {
    return table.find(caller, id).orElseThrow(() -> notFound(id));
  }

  /// @throws Problem if there is no such job, or the caller may not see it
  List<LineError> errors(Caller caller, long id) throws SQLException {
    return table.errors(get(caller, id).id());
  }

  /// Cancels a job, unless it has ended. Documents that are already loaded stay.
  ///
  /// @throws Problem if there is no such job, or the caller may not see it
  Job cancel(Caller caller, long id) throws SQLException {
    table.cancel(get(caller, id).id());
    return get(caller, id);
  }

  /// Queues a failed job again, from the batch on that failed. A job that is queued or running
  /// stays as it is.
  ///
  /// @throws Problem if there is no such job, or the caller may not see it; `JOB_STATE` if it has
  ///   not failed, or its upload is deleted
  Job retry(Caller caller, long id) throws SQLException {
    boolean restarted = table.restart(get(caller, id).id());
    Job job = get(caller, id);
    if (restarted) {
      LOG.infof("Job queued again: job=%s collection=%s", id, job.collection());
    } else if (job.state() == JobState.FAILED) {
      throw new Problem(
          ProblemType.JOB_STATE,
          "The upload of job " + id + " is deleted. Send the whole upload again.");
    } else if (job.state().isFinished() || !job.async()) {
      throw new Problem(
          ProblemType.JOB_STATE,
          "Job %s is %s. Only a failed job can be retried.".formatted(id, job.state().value()));
    }
    return job;
  }

  /// Cancels and deletes a job.
  ///
  /// @throws Problem if there is no such job, or the caller may not see it
  void delete(Caller caller, long id) throws SQLException {
    if (!table.delete(get(caller, id).id())) {
      throw notFound(id);
    }
  }

  private static Problem notFound(long id) {
    return new Problem(ProblemType.JOB_NOT_FOUND, "There is no job " + id + ".");
  }
}
