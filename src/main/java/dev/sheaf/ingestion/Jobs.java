package dev.sheaf.ingestion;

import dev.sheaf.http.Caller;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Uploads that are asked for later: because they are loaded later, or because the client may send
/// them again.
@ApplicationScoped
class Jobs {

  private static final Logger LOG = Logger.getLogger(Jobs.class);

  private static final int PART_BYTES = 1024 * 1024;
  private static final int MAX_KEY_BYTES = 255;
  private static final int MAX_LISTED = 100;

  private final JobTable table;
  private final Loader loader;

  Jobs(JobTable table, Loader loader) {
    this.table = table;
    this.loader = loader;
  }

  /// The job of an earlier request of the same key.
  ///
  /// @throws Problem `BUSY` while that request is not answered
  Optional<Job> earlier(Loader.Target target, String key) throws SQLException {
    if (key.isEmpty()
        || key.length() > MAX_KEY_BYTES
        || !key.chars().allMatch(c -> c > 31 && c < 127)) {
      throw Problem.parameter(
          "Idempotency-Key",
          "Idempotency-Key must have 1 to " + MAX_KEY_BYTES + " characters of ASCII");
    }
    table.deleteAbandoned(target, key);
    Optional<Job> job = table.find(target, key);
    if (job.isPresent() && !isAnswered(job.get())) {
      throw busy(key);
    }
    return job;
  }

  private static boolean isAnswered(Job job) {
    return job.state().isFinished() || (job.async() && job.state() != JobState.RECEIVING);
  }

  /// Stores an upload, to be loaded by a worker.
  ///
  /// @param creator whose job it is, as [Caller#name] has it
  /// @throws Problem when the upload breaks off; nothing of it is kept then
  Job store(Loader.Target target, @Nullable String key, String creator, InputStream body)
      throws SQLException {
    long id = begin(target, true, key, creator);
    boolean stored = false;
    try {
      stored = table.queue(id, storeParts(id, body));
    } catch (IOException e) {
      throw new Problem(
          ProblemType.BODY_BROKEN_OFF,
          "it broke off: %s; nothing of it is kept, so send it again".formatted(e.getMessage()));
    } finally {
      table.leave(id);
      if (!stored) {
        table.deleteUnfinished(id);
      }
    }
    return table.find(id).orElseThrow(() -> notFound(id));
  }

  // Stores fewer than there are when the job is cancelled meanwhile, and says how many.
  private long storeParts(long id, InputStream body) throws IOException, SQLException {
    long position = 0;
    byte[] part = body.readNBytes(PART_BYTES);
    while (part.length > 0 && table.addPart(id, position, part)) {
      position += part.length;
      part = body.readNBytes(PART_BYTES);
    }
    return position;
  }

  /// Loads an upload at once, and remembers the result under its key.
  ///
  /// @throws Problem `JOB_CANCELLED` when somebody cancels or deletes the job meanwhile
  LoadResult load(Loader.Target target, String key, String creator, LineReader lines)
      throws SQLException {
    long id = begin(target, false, key, creator);
    boolean completed = false;
    try {
      LoadResult result =
          loader.load(target, loader.batches(lines), Set.of(), table.ledger(id), () -> false);
      table.complete(id);
      completed = true;
      return result;
    } catch (JobProgress.StoppedException e) {
      throw cancelled(id);
    } finally {
      table.leave(id);
      if (!completed) {
        // There is no result to remember; the client may try again.
        table.deleteUnfinished(id);
      }
    }
  }

  private long begin(Loader.Target target, boolean async, @Nullable String key, String creator)
      throws SQLException {
    long id = table.begin(target, async, key, creator).orElseThrow(() -> busy(String.valueOf(key)));
    LOG.infof("Ingestion began: job=%s collection=%s async=%s", id, target.collection(), async);
    return id;
  }

  private static Problem busy(String key) {
    return new Problem(
        ProblemType.BUSY,
        "the first request of Idempotency-Key " + key + " is not answered yet; try again later");
  }

  private static Problem cancelled(long id) {
    return new Problem(
        ProblemType.JOB_CANCELLED,
        "job "
            + id
            + " of this request was cancelled; what was loaded stays, what was not can be sent under another Idempotency-Key");
  }

  /// What became of a job that was loaded at once.
  ///
  /// @throws Problem `JOB_CANCELLED` when somebody cancelled it
  LoadResult result(Job job) throws SQLException {
    if (job.state() == JobState.CANCELLED) {
      throw cancelled(job.id());
    }
    return new LoadResult(job.counts(), table.errors(job.id()));
  }

  /// Those that the caller sees.
  List<Job> newest(Caller caller) throws SQLException {
    return table.newest(caller, MAX_LISTED);
  }

  /// @throws Problem when there is none, or none that the caller sees
  Job get(Caller caller, long id) throws SQLException {
    return table.find(caller, id).orElseThrow(() -> notFound(id));
  }

  /// @throws Problem when there is none, or none that the caller sees
  List<LineError> errors(Caller caller, long id) throws SQLException {
    return table.errors(get(caller, id).id());
  }

  /// Ends a job, unless it has ended. What is loaded stays.
  ///
  /// @throws Problem when there is none, or none that the caller sees
  Job cancel(Caller caller, long id) throws SQLException {
    table.cancel(get(caller, id).id());
    return get(caller, id);
  }

  /// Ends a job, and forgets it.
  ///
  /// @throws Problem when there is none, or none that the caller sees
  void delete(Caller caller, long id) throws SQLException {
    if (!table.delete(get(caller, id).id())) {
      throw notFound(id);
    }
  }

  private static Problem notFound(long id) {
    return new Problem(ProblemType.JOB_NOT_FOUND, "there is no job " + id);
  }
}
