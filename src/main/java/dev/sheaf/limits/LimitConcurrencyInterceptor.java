package dev.sheaf.limits;

import jakarta.annotation.Priority;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;
import org.jspecify.annotations.Nullable;

/// Makes calls of [LimitConcurrency] methods wait for a permit of the [ConcurrencyLimiter], before
/// a transaction begins (200), so that a call that waits holds no connection.
@LimitConcurrency
@Interceptor
@Priority(Interceptor.Priority.PLATFORM_BEFORE + 100)
class LimitConcurrencyInterceptor {

  private final ConcurrencyLimiter limiter;

  LimitConcurrencyInterceptor(ConcurrencyLimiter limiter) {
    this.limiter = limiter;
  }

  @AroundInvoke
  Object intercept(InvocationContext call) throws Exception {
    try (ConcurrencyLimiter.Permit _ =
        limiter.acquire(
            call.getInterceptorBinding(LimitConcurrency.class).value(), collection(call))) {
      return call.proceed();
    }
  }

  private static @Nullable String collection(InvocationContext call) {
    Object[] arguments = call.getParameters();
    return arguments.length > 0 && arguments[0] instanceof String name ? name : null;
  }
}
