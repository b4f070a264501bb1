package dev.sheaf.limits;

import dev.sheaf.database.Cancellation;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jboss.resteasy.reactive.server.core.CurrentRequestManager;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jspecify.annotations.Nullable;

/// Cancels the work of clients that close their connections.
@Singleton
public class ClientConnections {

  private static final AttributeKey<Client> CLIENT =
      AttributeKey.valueOf(ClientConnections.class.getName());

  /// The client of the current request; `null` if this thread handles no request.
  public @Nullable Client ofRequest() {
    ResteasyReactiveRequestContext request = CurrentRequestManager.get();
    RoutingContext call = request == null ? null : request.unwrap(RoutingContext.class);
    return call != null && call.request().connection() instanceof ConnectionBase connection
        ? client(connection.channel())
        : null;
  }

  private static Client client(Channel channel) {
    Client known = channel.attr(CLIENT).get();
    if (known != null) {
      return known;
    }
    var created = new Client(channel);
    Client other = channel.attr(CLIENT).setIfAbsent(created);
    if (other != null) {
      return other;
    }
    channel.closeFuture().addListener(_ -> created.cancelAll());
    return created;
  }

  /// The other end of a connection.
  public static final class Client {

    private final Channel channel;
    private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();
    private final Consumer<Cancellation> ended = running::remove;

    private Client(Channel channel) {
      this.channel = channel;
    }

    /// Whether it has closed the connection.
    public boolean isGone() {
      return !channel.isOpen();
    }

    /// Fails if it has closed the connection, because nobody needs the result.
    ///
    /// @throws Problem that nobody sees
    public void requirePresent() {
      if (isGone()) {
        throw gone();
      }
    }

    /// Covers this thread: if the client closes the connection, its statements are cancelled.
    public Cancellation cover() {
      Cancellation cancellation = Cancellation.begin(ended);
      running.add(cancellation);
      return cancellation;
    }

    /// Cancelling waits for PostgreSQL, and the event loop must not wait.
    private void cancelAll() {
      running.forEach(cancellation -> Thread.startVirtualThread(cancellation::cancel));
    }

    static Problem gone() {
      return new Problem(
          ProblemType.BODY_BROKEN_OFF, "The client closed the connection before the response.");
    }
  }
}
