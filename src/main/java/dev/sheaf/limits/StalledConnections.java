package dev.sheaf.limits;

import io.netty.channel.Channel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.impl.VertxInternal;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Closes connections on which no request arrives. The server limits how many connections are open
/// (`quarkus.http.limits.max-connections`), so clients that send nothing, or their headers byte by
/// byte, would keep out all others. Also closes connections whose clients do not send a small body
/// within `quarkus.http.read-timeout`, or read an answer more slowly than
/// `sheaf.limits.transfer-rate`, because a request keeps its memory until its answer is read.
///
/// The server's own idle timeout cannot do this: it also closes connections whose request takes
/// long, and it does not notice slow headers.
@ApplicationScoped
class StalledConnections {

  /// Before the filter that gives each request its ID.
  private static final int FIRST = 10_001;

  private static final Duration CHECK_EVERY = Duration.ofSeconds(1);

  /// From this share of the connections on, idle ones are closed immediately.
  private static final double CROWDED = 0.8;

  /// The media types of answers that last for long and keep little memory.
  private static final List<String> STREAMS = List.of("application/x-ndjson", "text/event-stream");

  private static final Logger LOG = Logger.getLogger(StalledConnections.class);

  private static final AttributeKey<State> STATE =
      AttributeKey.valueOf(StalledConnections.class.getName());

  private final LimitsConfig config;
  private final TransferRate ofAnswers;
  private final TransferRate ofStreams;
  private final Duration readTimeout;
  private final int crowd;
  private final AtomicInteger open = new AtomicInteger();
  private volatile boolean crowded;

  StalledConnections(
      LimitsConfig config,
      @ConfigProperty(name = "quarkus.http.read-timeout", defaultValue = "60s")
          Duration readTimeout,
      @ConfigProperty(name = "quarkus.http.limits.max-connections") OptionalInt maxConnections) {
    this.config = config;
    this.ofAnswers = TransferRate.of(config);
    this.ofStreams = TransferRate.ofStreams(config);
    this.readTimeout = readTimeout;
    this.crowd = (int) (maxConnections.orElse(Integer.MAX_VALUE) * CROWDED);
  }

  /// The requests of a connection.
  private static final class State {
    private final AtomicInteger running = new AtomicInteger();
    private volatile boolean used;
    private volatile boolean receives;
    private volatile long idleSince = System.nanoTime();
    private volatile long receivesSince;

    /// The answer to the newest request.
    private volatile @Nullable HttpServerResponse answer;

    // How fast the client reads it. Only the event loop of the connection uses these.
    private long written;
    private long late;
    private long checked = System.nanoTime();

    void begin(HttpServerResponse response) {
      used = true;
      running.incrementAndGet();
      answer = response;
      written = 0;
      late = 0;
      checked = System.nanoTime();
    }

    void end() {
      answer = null;
      idleSince = System.nanoTime();
      running.decrementAndGet();
    }

    void receive() {
      receivesSince = System.nanoTime();
      receives = true;
    }

    /// Whether the client reads the answer too slowly. Few bytes are written that it has not read,
    /// so the number of written bytes tells how fast it reads.
    ///
    /// @param writable whether the service need not wait for the client
    boolean isReadTooSlowly(boolean writable, TransferRate ofAnswers, TransferRate ofStreams) {
      HttpServerResponse current = answer;
      if (current == null || (writable && late == 0)) {
        checked = System.nanoTime();
        return false;
      }
      TransferRate rate = isStream(current) ? ofStreams : ofAnswers;
      long now = System.nanoTime();
      long bytes = current.bytesWritten();
      late = rate.late(late, writable ? 0 : now - checked, bytes - written);
      checked = now;
      written = bytes;
      return rate.isTooLate(late);
    }

    private static boolean isStream(HttpServerResponse answer) {
      String type = answer.headers().get(HttpHeaders.CONTENT_TYPE);
      return type != null && STREAMS.stream().anyMatch(type::startsWith);
    }

    boolean isIdleFor(Duration time) {
      return running.get() == 0 && System.nanoTime() - idleSince > time.toNanos();
    }

    boolean receivesLongerThan(Duration time) {
      return receives && System.nanoTime() - receivesSince > time.toNanos();
    }
  }

  void register(@Observes Filters filters) {
    filters.register(this::track, FIRST);
  }

  private void track(RoutingContext call) {
    if (call.request().connection() instanceof ConnectionBase connection) {
      State state = state(connection.channel());
      state.begin(call.response());
      call.addEndHandler(_ -> state.end());
    }
    call.next();
  }

  /// Closes the connection of a request if its body does not arrive within
  /// `quarkus.http.read-timeout`. The check of all connections costs less than a timer for each
  /// request.
  void limitArrival(HttpServerRequest request) {
    if (!request.isEnded() && request.connection() instanceof ConnectionBase connection) {
      State state = state(connection.channel());
      state.receive();
      request.end().onComplete(_ -> state.receives = false);
    }
  }

  void start(@Observes StartupEvent event, Vertx vertx) {
    // The pages of dev mode keep connections open that carry no requests.
    if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
      vertx.setPeriodic(CHECK_EVERY.toMillis(), _ -> check((VertxInternal) vertx));
    }
  }

  private void check(VertxInternal vertx) {
    crowded = open.getAndSet(0) >= crowd;
    for (EventExecutor executor : vertx.getEventLoopGroup()) {
      if (executor instanceof SingleThreadEventLoop loop) {
        loop.execute(() -> check(loop.registeredChannelsIterator()));
      }
    }
  }

  private void check(Iterator<Channel> channels) {
    int count = 0;
    while (channels.hasNext()) {
      Channel channel = channels.next();
      // Accepted connections have a parent, connections of our own clients have none.
      if (channel.parent() == null) {
        continue;
      }
      count++;
      State state = state(channel);
      Duration allowed = state.used ? config.keepAlive() : config.headerTimeout();
      if (state.isIdleFor(crowded ? CHECK_EVERY : allowed)
          || state.receivesLongerThan(readTimeout)) {
        var _ = channel.close();
      } else if (state.isReadTooSlowly(channel.isWritable(), ofAnswers, ofStreams)) {
        LOG.debug("Client reads its answer too slowly");
        // Vert.x would wait until everything is written.
        var _ = channel.pipeline().firstContext().close();
      }
    }
    open.addAndGet(count);
  }

  private static State state(Channel channel) {
    State known = channel.attr(STATE).get();
    if (known != null) {
      return known;
    }
    var created = new State();
    State other = channel.attr(STATE).setIfAbsent(created);
    return other == null ? created : other;
  }
}
