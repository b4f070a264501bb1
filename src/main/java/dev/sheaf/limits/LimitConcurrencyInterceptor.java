package dev.sheaf.limits;

import dev.sheaf.database.Cancellation;
import dev.sheaf.limits.ClientConnections.Client;
import jakarta.annotation.Priority;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Makes calls of [LimitConcurrency] methods wait for a permit of the [ConcurrencyLimiter], before
/// a transaction begins (200), so that a call that waits holds no connection. If the client of the
/// request closes its connection, a call without an effect is cancelled.
@LimitConcurrency
@Interceptor
@Priority(Interceptor.Priority.PLATFORM_BEFORE + 100)
class LimitConcurrencyInterceptor {

  private final ConcurrencyLimiter limiter;
  private final ClientConnections clients;

  LimitConcurrencyInterceptor(ConcurrencyLimiter limiter, ClientConnections clients) {
    this.limiter = limiter;
    this.clients = clients;
  }

  @AroundInvoke
  Object intercept(InvocationContext call) throws Exception {
    WorkKind work = call.getInterceptorBinding(LimitConcurrency.class).value();
    try (ConcurrencyLimiter.Permit _ = limiter.acquire(work, collection(call))) {
      Client client =
          work.endsWithClient() && !Cancellation.isCovered() ? clients.ofRequest() : null;
      return client == null ? call.proceed() : proceed(call, client);
    }
  }

  private static Object proceed(InvocationContext call, Client client) throws Exception {
    try (Cancellation cancellation = client.cover()) {
      client.requirePresent();
      try {
        return call.proceed();
      } catch (SQLException | RuntimeException e) {
        if (cancellation.isCancelled()) {
          throw Client.gone();
        }
        throw e;
      }
    }
  }

  private static @Nullable String collection(InvocationContext call) {
    Object[] arguments = call.getParameters();
    return arguments.length > 0 && arguments[0] instanceof String name ? name : null;
  }
}
