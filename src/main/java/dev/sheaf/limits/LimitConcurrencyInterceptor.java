package dev.sheaf.limits;

import jakarta.annotation.Priority;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;

/// Sends calls of [LimitConcurrency] methods through the [ConcurrencyLimiter], before a transaction
/// begins (200), so that a call that waits holds no connection.
@LimitConcurrency
@Interceptor
@Priority(Interceptor.Priority.PLATFORM_BEFORE + 100)
class LimitConcurrencyInterceptor {

  private final ConcurrencyLimiter turnstile;

  LimitConcurrencyInterceptor(ConcurrencyLimiter turnstile) {
    this.turnstile = turnstile;
  }

  @AroundInvoke
  Object pass(InvocationContext call) throws Exception {
    try (ConcurrencyLimiter.Place _ =
        turnstile.enter(call.getInterceptorBinding(LimitConcurrency.class).value())) {
      return call.proceed();
    }
  }
}
