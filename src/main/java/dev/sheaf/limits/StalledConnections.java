package dev.sheaf.limits;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
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
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
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

  /// From this share of the connections on, those that are idle until the next check are closed.
  private static final double CROWDED = 0.8;

  /// At this share, a new connection starts a check, which closes idle ones down to [#CROWDED].
  private static final double FULL = 0.9;

  /// The media types of answers that last for long and keep little memory.
  private static final List<String> STREAMS = List.of("application/x-ndjson", "text/event-stream");

  private static final Logger LOG = Logger.getLogger(StalledConnections.class);

  private static final AttributeKey<State> STATE =
      ConnectionKeys.of(StalledConnections.class, "state");

  private final LimitsConfig config;
  private final TransferRate ofAnswers;
  private final TransferRate ofStreams;
  private final Duration readTimeout;
  private final int maxConnections;
  private final VertxInternal vertx;

  /// The connections that have sent a request or were checked.
  private final AtomicInteger open = new AtomicInteger();

  StalledConnections(
      LimitsConfig config,
      @ConfigProperty(name = "quarkus.http.read-timeout", defaultValue = "60s")
          Duration readTimeout,
      @ConfigProperty(name = "quarkus.http.limits.max-connections") OptionalInt maxConnections,
      Vertx vertx) {
    this.config = config;
    this.ofAnswers = TransferRate.of(config);
    this.ofStreams = TransferRate.ofStreams(config);
    this.readTimeout = readTimeout;
    this.maxConnections = maxConnections.orElse(Integer.MAX_VALUE);
    this.vertx = (VertxInternal) vertx;
  }

  /// The requests of a connection. A connection of HTTP/2 has many at a time, and its own state of
  /// each.
  private static final class State {
    private final AtomicInteger running = new AtomicInteger();
    private volatile boolean used;
    private volatile long idleSince = System.nanoTime();

    /// The newest request of HTTP/1.1.
    private volatile @Nullable Exchange newest;

    /// The requests of HTTP/2 by the number of their stream. Only the event loop of the connection
    /// uses them.
    private final Map<Integer, Exchange> streams = new HashMap<>();

    void begin(Exchange exchange) {
      used = true;
      running.incrementAndGet();
      newest = exchange;
    }

    /// The answer is complete, but the client may not have read it: while the event loop is busy, a
    /// thread writes without waiting for it.
    void end(Exchange exchange) {
      exchange.end();
      idleSince = System.nanoTime();
      running.decrementAndGet();
    }

    boolean isIdleFor(Duration time) {
      return running.get() == 0
          && streams.isEmpty()
          && System.nanoTime() - idleSince > time.toNanos();
    }
  }

  /// A request and its answer.
  private static final class Exchange {
    /// `null` after the end. The response would keep all of the request in memory until the next
    /// one, or the next check.
    private volatile @Nullable HttpServerResponse answer;

    private volatile boolean isStream;
    private volatile long length;
    private volatile boolean receives;
    private volatile long receivesSince;

    // How fast the client reads the answer. Only the event loop of the connection uses these.
    private long sent;
    private long late;
    private long checked = System.nanoTime();

    private Exchange(HttpServerResponse answer) {
      this.answer = answer;
    }

    void end() {
      HttpServerResponse ended = answer;
      if (ended != null) {
        isStream = isStream(ended);
        length = ended.bytesWritten();
        answer = null;
      }
    }

    void receive() {
      receivesSince = System.nanoTime();
      receives = true;
    }

    boolean receivesLongerThan(Duration time) {
      return receives && System.nanoTime() - receivesSince > time.toNanos();
    }

    /// Whether the client reads the answer too slowly. Few bytes are neither pending nor read, so
    /// the number of the others tells how fast it reads.
    ///
    /// @param writable whether the service need not wait for the client
    /// @param pending bytes that are written, but not sent
    boolean isReadTooSlowly(
        boolean writable, long pending, TransferRate ofAnswers, TransferRate ofStreams) {
      if (writable && late == 0) {
        checked = System.nanoTime();
        return false;
      }
      HttpServerResponse current = answer;
      boolean stream = current == null ? isStream : isStream(current);
      TransferRate rate = stream ? ofStreams : ofAnswers;
      long now = System.nanoTime();
      long bytes = (current == null ? length : current.bytesWritten()) - pending;
      late = rate.late(late, writable ? 0 : now - checked, Math.max(0, bytes - sent));
      checked = now;
      sent = bytes;
      return rate.isTooLate(late);
    }

    private static boolean isStream(HttpServerResponse answer) {
      String type = answer.headers().get(HttpHeaders.CONTENT_TYPE);
      return type != null && STREAMS.stream().anyMatch(type::startsWith);
    }
  }

  void register(@Observes Filters filters) {
    filters.register(this::track, FIRST);
  }

  private void track(RoutingContext call) {
    if (call.request().connection() instanceof ConnectionBase connection) {
      Channel channel = connection.channel();
      boolean isNew = channel.attr(STATE).get() == null;
      State state = state(channel);
      var exchange = new Exchange(call.response());
      Http2ConnectionHandler http2 = http2(channel);
      if (http2 == null) {
        state.begin(exchange);
        call.addEndHandler(_ -> state.end(exchange));
      } else {
        state.used = true;
        state.streams.put(call.response().streamId(), exchange);
        call.addEndHandler(_ -> exchange.end());
        ClientConnections.watchStream(call, channel, http2);
      }
      if (isNew && isOpen(FULL)) {
        check();
      }
    }
    call.next();
  }

  private static @Nullable Http2ConnectionHandler http2(Channel channel) {
    return channel.pipeline().get(Http2ConnectionHandler.class);
  }

  /// Closes the connection of a request of HTTP/1.1 if its body does not arrive within
  /// `quarkus.http.read-timeout`. The check of all connections costs less than a timer for each
  /// request.
  void limitArrival(HttpServerRequest request) {
    if (!request.isEnded() && request.connection() instanceof ConnectionBase connection) {
      Exchange exchange = state(connection.channel()).newest;
      if (exchange != null) {
        exchange.receive();
        request.end().onComplete(_ -> exchange.receives = false);
      }
    }
  }

  void start(@Observes StartupEvent event) {
    vertx.setPeriodic(CHECK_EVERY.toMillis(), _ -> check());
  }

  private void check() {
    // The pages of dev mode keep connections open that carry no requests.
    if (LaunchMode.current() == LaunchMode.DEVELOPMENT) {
      return;
    }
    for (EventExecutor executor : vertx.getEventLoopGroup()) {
      if (executor instanceof SingleThreadEventLoop loop) {
        loop.execute(() -> check(loop.registeredChannelsIterator()));
      }
    }
  }

  private void check(Iterator<Channel> channels) {
    boolean full = isOpen(FULL);
    while (channels.hasNext()) {
      Channel channel = channels.next();
      // Accepted connections have a parent, connections of our own clients have none.
      if (channel.parent() == null) {
        continue;
      }
      State state = state(channel);
      Http2ConnectionHandler http2 = http2(channel);
      if (http2 != null) {
        check(state, channel, http2);
      }
      Exchange exchange = state.newest;
      if (exchange != null
          && exchange.isReadTooSlowly(
              channel.isWritable(), pending(channel), ofAnswers, ofStreams)) {
        breakOff(channel);
      } else if (state.isIdleFor(allowedIdle(state, full))
          || (exchange != null && exchange.receivesLongerThan(readTimeout))) {
        // It waits until everything is written.
        var _ = channel.close();
      }
    }
  }

  private Duration allowedIdle(State state, boolean full) {
    if (isOpen(CROWDED)) {
      // The first request of a new connection may be on its way.
      return full && state.used ? Duration.ZERO : CHECK_EVERY;
    }
    return state.used ? config.keepAlive() : config.headerTimeout();
  }

  private boolean isOpen(double share) {
    return open.get() >= share * maxConnections;
  }

  private static long pending(Channel channel) {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    return buffer == null ? 0 : buffer.totalPendingWriteBytes();
  }

  private static void breakOff(Channel channel) {
    LOG.debug("Client reads its answer too slowly");
    // Vert.x would wait until everything is written.
    var _ = channel.pipeline().firstContext().close();
  }

  /// Closes the connection if the client reads the answer of a stream too slowly. A connection is
  /// idle while it has no stream.
  private void check(State state, Channel channel, Http2ConnectionHandler http2) {
    if (http2.connection().numActiveStreams() > 0) {
      state.idleSince = System.nanoTime();
    }
    state.streams.keySet().removeIf(id -> http2.connection().stream(id) == null);
    boolean tooSlow = false;
    for (Map.Entry<Integer, Exchange> open : state.streams.entrySet()) {
      Exchange exchange = open.getValue();
      boolean writable = isWritable(http2, http2.connection().stream(open.getKey()), exchange);
      tooSlow |= exchange.isReadTooSlowly(writable, 0, ofAnswers, ofStreams);
    }
    if (tooSlow) {
      // Quarkus would also close the connection if only the stream were closed.
      breakOff(channel);
    }
  }

  /// Whether the service need not wait for the client before it writes more to a stream.
  private static boolean isWritable(
      Http2ConnectionHandler http2, Http2Stream stream, Exchange exchange) {
    Http2RemoteFlowController flow = http2.encoder().flowController();
    HttpServerResponse answer = exchange.answer;
    return (answer != null && !answer.headWritten())
        || (flow.isWritable(stream) && !flow.hasFlowControlled(stream));
  }

  private State state(Channel channel) {
    State known = channel.attr(STATE).get();
    if (known != null) {
      return known;
    }
    var created = new State();
    State other = channel.attr(STATE).setIfAbsent(created);
    if (other != null) {
      return other;
    }
    open.incrementAndGet();
    channel.closeFuture().addListener(_ -> open.decrementAndGet());
    return created;
  }
}
