package dev.sheaf.limits;

import io.netty.channel.Channel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.EventExecutor;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.impl.VertxInternal;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Iterator;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Closes connections on which no request arrives. The server limits how many connections are open
/// (`quarkus.http.limits.max-connections`), so clients that send nothing, or their headers byte by
/// byte, would keep out all others.
///
/// The server's own idle timeout cannot do this: it also closes connections whose request takes
/// long, and it does not notice slow headers.
@ApplicationScoped
class IdleConnections {

  /// Before the filter that gives each request its ID.
  private static final int FIRST = 10_001;

  private static final Duration CHECK_EVERY = Duration.ofSeconds(1);

  /// From this share of the connections on, idle ones are closed immediately.
  private static final double CROWDED = 0.8;

  private static final AttributeKey<State> STATE =
      AttributeKey.valueOf(IdleConnections.class.getName());

  private final LimitsConfig config;
  private final Duration readTimeout;
  private final int crowd;
  private final AtomicInteger open = new AtomicInteger();
  private volatile boolean crowded;

  IdleConnections(
      LimitsConfig config,
      @ConfigProperty(name = "quarkus.http.read-timeout", defaultValue = "60s")
          Duration readTimeout,
      @ConfigProperty(name = "quarkus.http.limits.max-connections") OptionalInt maxConnections) {
    this.config = config;
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

    void begin() {
      used = true;
      running.incrementAndGet();
    }

    void end() {
      idleSince = System.nanoTime();
      running.decrementAndGet();
    }

    void receive() {
      receivesSince = System.nanoTime();
      receives = true;
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
      state.begin();
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
