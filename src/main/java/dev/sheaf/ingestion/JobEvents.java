package dev.sheaf.ingestion;

import dev.sheaf.http.Caller;
import dev.sheaf.http.CallerCheck;
import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.LimitsConfig;
import dev.sheaf.limits.OpenRequests;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.BackPressureStrategy;
import io.smallrye.mutiny.subscription.MultiEmitter;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/// The event streams of jobs. One query a second reads the jobs of all streams of this replica, and
/// no thread waits for a stream.
@ApplicationScoped
class JobEvents {

  private static final Logger LOG = Logger.getLogger(JobEvents.class);

  /// Then the client opens another stream, with a token or a key that is valid then.
  private static final Duration LONGEST = Duration.ofHours(1);

  private final JobTable table;
  private final CallerCheck callers;
  private final Duration heartbeat;

  private final Set<Stream> streams = ConcurrentHashMap.newKeySet();
  private final OpenRequests open;

  JobEvents(JobTable table, CallerCheck callers, LimitsConfig limits, IngestionConfig config) {
    this.table = table;
    this.callers = callers;
    this.open =
        new OpenRequests(
            "event streams",
            "sheaf.limits.event-streams",
            limits.eventStreams(),
            limits.eventStreamsPerCaller());
    this.heartbeat = config.heartbeatEvery();
  }

  /// An open stream. Only the thread that polls changes it.
  private static final class Stream {
    private final Caller caller;
    private final Sse sse;
    private final MultiEmitter<? super OutboundSseEvent> events;
    private final long opened = System.nanoTime();
    private Job last;
    private long sent = opened;

    Stream(Caller caller, Job first, Sse sse, MultiEmitter<? super OutboundSseEvent> events) {
      this.caller = caller;
      this.last = first;
      this.sse = sse;
      this.events = events;
    }

    void send(Job job) {
      last = job;
      send(sse.newEventBuilder().data(Job.class, job).build());
    }

    /// A line that clients ignore. Proxies close connections on which nothing is sent.
    void sendHeartbeat() {
      send(sse.newEventBuilder().comment("").build());
    }

    private void send(OutboundSseEvent event) {
      sent = System.nanoTime();
      events.emit(event);
    }
  }

  /// The events of a job until it ends or is deleted, or the caller's key is no longer valid.
  ///
  /// @param first the job, which the caller may see
  /// @throws dev.sheaf.problem.Problem if the caller, or all callers together, follow too many jobs
  Multi<OutboundSseEvent> follow(Caller caller, Job first, Sse sse) {
    // Before the response begins, so that a problem can be its status.
    ConcurrencyLimiter.Permit permit = open.open(caller.identity());
    // For a client that reads slowly, or not at all, only the latest event is buffered.
    return Multi.createFrom()
        .<OutboundSseEvent>emitter(
            events -> {
              var stream = new Stream(caller, first, sse, events);
              events.onTermination(() -> {
                streams.remove(stream);
                permit.close();
              });
              stream.send(first);
              if (first.state().isFinished()) {
                events.complete();
              } else {
                streams.add(stream);
                // The client may have closed the connection in the meantime.
                if (events.isCancelled()) {
                  streams.remove(stream);
                }
              }
            },
            BackPressureStrategy.LATEST);
  }

  @Scheduled(every = "1s", concurrentExecution = ConcurrentExecution.SKIP)
  void poll() {
    if (streams.isEmpty()) {
      return;
    }
    var ids = new HashSet<Long>();
    streams.forEach(stream -> ids.add(stream.last.id()));
    Map<Long, Job> jobs;
    try {
      jobs = table.find(ids);
    } catch (SQLException e) {
      // The streams stay open until the database is available.
      LOG.debugf(e, "Jobs of event streams not read");
      streams.forEach(stream -> sendHeartbeatIfDue(stream));
      return;
    }
    for (Stream stream : streams) {
      Job job = jobs.get(stream.last.id());
      if (job == null || isOver(stream)) {
        stream.events.complete();
      } else {
        report(stream, job);
      }
    }
  }

  private boolean isOver(Stream stream) {
    return System.nanoTime() - stream.opened > LONGEST.toNanos() || !callers.isValid(stream.caller);
  }

  private void report(Stream stream, Job job) {
    if (job.state() != stream.last.state() || !job.counts().equals(stream.last.counts())) {
      stream.send(job);
    } else {
      sendHeartbeatIfDue(stream);
    }
    if (job.state().isFinished()) {
      stream.events.complete();
    }
  }

  private void sendHeartbeatIfDue(Stream stream) {
    if (System.nanoTime() - stream.sent >= heartbeat.toNanos()) {
      stream.sendHeartbeat();
    }
  }
}
