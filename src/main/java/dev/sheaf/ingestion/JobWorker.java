package dev.sheaf.ingestion;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.DatabaseFailure;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.embedding.EmbeddingProblems;
import dev.sheaf.embedding.Space;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.ModuleSwitches;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/// Loads stored uploads, one at a time in each replica, in turns. It resumes jobs that another
/// replica left unfinished.
@ApplicationScoped
class JobWorker {

  private static final Logger LOG = Logger.getLogger(JobWorker.class);

  /// Time to finish the current batch at shutdown. A batch that takes longer is repeated by another
  /// replica.
  private static final int STOP_TIMEOUT_SECONDS = 10;

  private static final int SERVICE_UNAVAILABLE = 503;

  private final ModuleSwitches modules;
  private final JobTable table;
  private final CollectionService collections;
  private final Loader loader;
  private final IngestionConfig config;

  private final Lock running = new ReentrantLock();
  private volatile boolean stopping;

  JobWorker(
      ModuleSwitches modules,
      JobTable table,
      CollectionService collections,
      Loader loader,
      IngestionConfig config) {
    this.modules = modules;
    this.table = table;
    this.collections = collections;
    this.loader = loader;
    this.config = config;
  }

  @Scheduled(
      every = "${sheaf.ingestion.poll-every:1s}",
      delayed = "${sheaf.ingestion.poll-every:1s}",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  void loadQueuedJobs() {
    if (!modules.isOn(IngestionResource.MODULE)) {
      return;
    }
    running.lock();
    try {
      while (!stopping) {
        Optional<JobTable.ClaimedJob> claimed = table.claim();
        if (claimed.isEmpty()) {
          return;
        }
        try {
          run(claimed.get());
          table.deleteExcessUploads(claimed.get().id());
        } finally {
          table.disown(claimed.get().id());
        }
      }
    } catch (SQLException e) {
      // The database is unavailable; leases expire, and the next run finds the same jobs.
      LOG.warnf("Jobs not checked: reason=%s", e.getMessage());
    } catch (RuntimeException e) {
      // The lease of the job expires, and its attempts are counted.
      LOG.error("Jobs not loaded", e);
    } finally {
      running.unlock();
    }
  }

  /// Renews the leases of this replica, also while it loads a job.
  @Scheduled(
      every = "${sheaf.ingestion.poll-every:1s}",
      delayed = "${sheaf.ingestion.poll-every:1s}",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  void renewLeases() {
    if (!modules.isOn(IngestionResource.MODULE)) {
      return;
    }
    try {
      table.renew();
      table.deleteOldJobs();
    } catch (SQLException e) {
      // The next run renews them; a lease lasts for at least three runs.
      LOG.logf(
          ConcurrentChange.isOverLocks(e) ? Logger.Level.DEBUG : Logger.Level.WARN,
          "Leases not renewed: reason=%s",
          e.getMessage());
    }
  }

  /// Stops after the current batch, so that another replica can resume the job immediately.
  void onStop(@Observes ShutdownEvent event) throws InterruptedException {
    stopping = true;
    if (running.tryLock(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      running.unlock();
    }
  }

  private void run(JobTable.ClaimedJob job) throws SQLException {
    LOG.infof(
        "Job started: job=%s collection=%s line=%s attempt=%s",
        job.id(), job.collection(), job.line(), job.attempts());
    if (job.attempts() > config.maxAttempts()) {
      table.fail(job.id(), "The process ended during every attempt.");
      return;
    }
    long turn = System.nanoTime();
    JobProgress progress = table.progress(job.id());
    // Even if a batch takes longer than a turn, each turn writes one.
    var written = new AtomicBoolean();
    try {
      var lines = new LineReader(table.upload(job), loader.maxLine(), job.line(), job.position());
      loader.load(
          target(job),
          loader.batches(lines),
          job.writtenAt(),
          (connection, batch) -> {
            progress.record(connection, batch);
            written.set(true);
          },
          UploadPermit.unlimited(),
          () -> stopping || (written.get() && isTurnOver(job, turn)));
      table.complete(job.id());
      LOG.infof("Job completed: job=%s", job.id());
    } catch (JobProgress.StoppedException e) {
      // If another replica has taken over the job, this has no effect.
      table.release(job.id());
      LOG.infof("Job stopped: job=%s", job.id());
    } catch (Problem problem) {
      if (!table.isHeld(job.id())) {
        LOG.infof("Job stopped: job=%s", job.id());
      } else if (problem.type() == ProblemType.COLLECTION_NOT_FOUND) {
        LOG.infof("Job failed: job=%s reason=%s", job.id(), problem.detail());
        table.failFinally(job.id(), problem.detail());
      } else if (problem.type().status() == SERVICE_UNAVAILABLE) {
        LOG.warnf("Job waits: job=%s reason=%s", job.id(), problem.detail());
        table.awaitService(job.id(), problem.detail());
      } else {
        LOG.warnf("Job attempt failed: job=%s reason=%s", job.id(), problem.detail());
        table.retry(job.id(), problem.detail());
      }
    } catch (SQLException | RuntimeException e) {
      if (!DatabaseFailure.isOutage(e) && !table.isHeld(job.id())) {
        LOG.infof("Job stopped: job=%s", job.id());
        return;
      }
      LOG.warnf(e, "Job attempt failed: job=%s", job.id());
      String error = reason(e);
      if (DatabaseFailure.isOutage(e)) {
        table.postpone(job.id(), error);
      } else if (EmbeddingProblems.isUnavailable(e)) {
        table.awaitService(job.id(), error);
      } else {
        table.retry(job.id(), error);
      }
    }
  }

  /// @param begin of the turn, by the monotonic clock
  private boolean isTurnOver(JobTable.ClaimedJob job, long begin) {
    if (System.nanoTime() - begin < config.maxTurn().toNanos()) {
      return false;
    }
    try {
      return table.isAnotherDue(job.id());
    } catch (SQLException e) {
      // The next batch reports that the database is unavailable.
      LOG.debugf(e, "Jobs not checked");
      return false;
    }
  }

  /// What the owner of a job may know of a failure. Its message may contain addresses and SQL, and
  /// is in the log.
  private static String reason(Exception failure) {
    if (DatabaseFailure.isOutage(failure)) {
      return "The database was not available.";
    }
    return failure instanceof RuntimeException model && EmbeddingProblems.isUnavailable(model)
        ? EmbeddingProblems.detail(model)
        : "An internal error occurred. The cause is in the service's log, under the job's number.";
  }

  /// The collection of a job.
  ///
  /// @throws Problem if the collection was dropped, even if it was created again with the same name
  private Loader.Target target(JobTable.ClaimedJob job) {
    Space space = collections.activeSpace(job.collection());
    if (space.collectionId() != job.collectionId()) {
      throw CollectionService.notFound(job.collection());
    }
    return new Loader.Target(job.collection(), space);
  }
}
