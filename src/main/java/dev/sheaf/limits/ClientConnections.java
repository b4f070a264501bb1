package dev.sheaf.limits;

import dev.sheaf.database.Cancellation;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AttributeKey;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jboss.resteasy.reactive.server.core.CurrentRequestManager;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jspecify.annotations.Nullable;

/// Cancels the work of clients that close their connections, or their streams of HTTP/2.
@Singleton
public class ClientConnections {

  private static final AttributeKey<Client> CLIENT =
      ConnectionKeys.of(ClientConnections.class, "client");

  private static final AttributeKey<Streams> STREAMS =
      ConnectionKeys.of(ClientConnections.class, "streams");

  /// Where a request of HTTP/2 has its client.
  private static final String KEY = ClientConnections.class.getName();

  /// The client of the current request; `null` if this thread handles no request.
  public @Nullable Client ofRequest() {
    ResteasyReactiveRequestContext request = CurrentRequestManager.get();
    RoutingContext call = request == null ? null : request.unwrap(RoutingContext.class);
    if (call == null) {
      return null;
    }
    Client ofStream = call.get(KEY);
    if (ofStream != null) {
      return ofStream;
    }
    return call.request().connection() instanceof ConnectionBase connection
        ? client(connection.channel())
        : null;
  }

  private static Client client(Channel channel) {
    Client known = channel.attr(CLIENT).get();
    if (known != null) {
      return known;
    }
    var created = new Client();
    Client other = channel.attr(CLIENT).setIfAbsent(created);
    if (other != null) {
      return other;
    }
    channel.closeFuture().addListener(_ -> created.leave());
    return created;
  }

  /// Notices when the client closes the stream of a request. The event loop of the connection calls
  /// it before anything else handles the request.
  static void watchStream(RoutingContext call, Channel channel, Http2ConnectionHandler http2) {
    Streams streams = channel.attr(STREAMS).get();
    if (streams == null) {
      streams = new Streams();
      channel.attr(STREAMS).set(streams);
      http2.connection().addListener(streams);
    }
    var client = new Client();
    call.put(KEY, client);
    streams.clients.put(call.response().streamId(), client);
  }

  /// The streams of a connection that have a request. Only its event loop uses them.
  private static final class Streams extends Http2ConnectionAdapter {

    private final Map<Integer, Client> clients = new HashMap<>();

    @Override
    public void onStreamClosed(Http2Stream stream) {
      Client client = clients.remove(stream.id());
      if (client != null) {
        client.leave();
      }
    }
  }

  /// The other end of a connection, or of a stream of HTTP/2.
  public static final class Client {

    private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();
    private final Consumer<Cancellation> ended = running::remove;
    private volatile boolean gone;

    /// Whether it has closed the connection or the stream.
    public boolean isGone() {
      return gone;
    }

    /// Fails if it has closed the connection or the stream, because nobody needs the result.
    ///
    /// @throws Problem that nobody sees
    public void requirePresent() {
      if (isGone()) {
        throw gone();
      }
    }

    /// Covers this thread: if the client closes the connection or the stream, its statements are
    /// cancelled.
    public Cancellation cover() {
      Cancellation cancellation = Cancellation.begin(ended);
      running.add(cancellation);
      if (gone) {
        cancel(cancellation);
      }
      return cancellation;
    }

    private void leave() {
      gone = true;
      running.forEach(Client::cancel);
    }

    /// Cancelling waits for PostgreSQL, and the event loop must not wait.
    private static void cancel(Cancellation cancellation) {
      Thread.startVirtualThread(cancellation::cancel);
    }

    /// The problem of a request whose client has closed the connection. Nobody sees it.
    public static Problem gone() {
      return new Problem(
          ProblemType.BODY_BROKEN_OFF, "The client closed the connection before the response.");
    }
  }
}
