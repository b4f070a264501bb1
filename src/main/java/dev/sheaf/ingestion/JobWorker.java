package dev.sheaf.ingestion;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.DatabaseFailure;
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
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/// Loads stored uploads, one at a time in each replica, and goes on where another has stopped.
@ApplicationScoped
class JobWorker {

  private static final Logger LOG = Logger.getLogger(JobWorker.class);

  /// A batch is written well within this; what is not is done again by the next replica.
  private static final int PATIENCE_SECONDS = 10;

  private final ModuleSwitches modules;
  private final JobTable table;
  private final CollectionService collections;
  private final Loader loader;
  private final IngestionConfig config;

  private final Lock working = new ReentrantLock();
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
      concurrentExecution = ConcurrentExecution.SKIP)
  void workOff() {
    if (!modules.isOn(IngestionResource.MODULE)) {
      return;
    }
    working.lock();
    try {
      while (!stopping) {
        Optional<JobTable.Work> work = table.claim();
        if (work.isEmpty()) {
          return;
        }
        try {
          run(work.get());
        } finally {
          table.leave(work.get().id());
        }
      }
    } catch (SQLException e) {
      // The database is away; the next look finds what this one did not, and leases run out.
      LOG.warnf("Jobs not looked at: reason=%s", e.getMessage());
    } finally {
      working.unlock();
    }
  }

  /// Tells the other replicas that this one is alive, also while it is at work.
  @Scheduled(
      every = "${sheaf.ingestion.poll-every:1s}",
      delayed = "${sheaf.ingestion.poll-every:1s}",
      concurrentExecution = ConcurrentExecution.SKIP)
  void keepLeases() {
    if (!modules.isOn(IngestionResource.MODULE)) {
      return;
    }
    try {
      table.renew();
      table.sweep();
    } catch (SQLException e) {
      // The next round renews them; a lease is three rounds long or longer.
      LOG.logf(
          ConcurrentChange.isOverLocks(e) ? Logger.Level.DEBUG : Logger.Level.WARN,
          "Leases not renewed: reason=%s",
          e.getMessage());
    }
  }

  /// Hands the job over between two batches, so that another replica goes on at once.
  void onStop(@Observes ShutdownEvent event) throws InterruptedException {
    stopping = true;
    if (working.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      working.unlock();
    }
  }

  private void run(JobTable.Work work) throws SQLException {
    LOG.infof(
        "Job taken: job=%s collection=%s line=%s attempt=%s",
        work.id(), work.collection(), work.line(), work.attempts());
    if (work.attempts() > config.maxAttempts()) {
      table.fail(work.id(), "every attempt ended with the process that made it");
      return;
    }
    try {
      var lines = new LineReader(table.parts(work), loader.maxLine(), work.line(), work.position());
      loader.load(
          target(work),
          loader.batches(lines),
          work.writtenAt(),
          table.ledger(work.id()),
          () -> stopping);
      table.complete(work.id());
      LOG.infof("Job completed: job=%s", work.id());
    } catch (JobProgress.StoppedException e) {
      // Of a job that is somebody else's by now, this releases nothing.
      table.release(work.id());
      LOG.infof("Job left: job=%s", work.id());
    } catch (Problem problem) {
      if (!table.isHeld(work.id())) {
        LOG.infof("Job left: job=%s", work.id());
      } else if (problem.type() == ProblemType.COLLECTION_NOT_FOUND) {
        LOG.infof("Job failed: job=%s reason=%s", work.id(), problem.detail());
        table.fail(work.id(), problem.detail());
      } else {
        LOG.warnf("Job attempt failed: job=%s reason=%s", work.id(), problem.detail());
        table.retry(work.id(), problem.detail());
      }
    } catch (SQLException | RuntimeException e) {
      if (DatabaseFailure.behind(e) == null && !table.isHeld(work.id())) {
        LOG.infof("Job left: job=%s", work.id());
        return;
      }
      LOG.warnf(e, "Job attempt failed: job=%s", work.id());
      String error = String.valueOf(e.getMessage());
      if (DatabaseFailure.behind(e) == null) {
        table.retry(work.id(), error);
      } else {
        table.postpone(work.id(), error);
      }
    }
  }

  /// Where the job's documents go.
  ///
  /// @throws Problem when the collection was dropped, also when there is another of its name
  private Loader.Target target(JobTable.Work work) {
    Space space = collections.activeSpace(work.collection());
    if (space.collectionId() != work.collectionId()) {
      throw CollectionService.notFound(work.collection());
    }
    return new Loader.Target(work.collection(), space);
  }
}
