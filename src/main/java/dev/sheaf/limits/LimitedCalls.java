package dev.sheaf.limits;

import jakarta.annotation.Priority;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;

/// Sends calls of [Limited] methods through the [Turnstile], before a transaction begins (200), so
/// that a call that waits holds no connection.
@Limited
@Interceptor
@Priority(Interceptor.Priority.PLATFORM_BEFORE + 100)
class LimitedCalls {

  private final Turnstile turnstile;

  LimitedCalls(Turnstile turnstile) {
    this.turnstile = turnstile;
  }

  @AroundInvoke
  Object pass(InvocationContext call) throws Exception {
    try (Turnstile.Place _ = turnstile.enter(call.getInterceptorBinding(Limited.class).value())) {
      return call.proceed();
    }
  }
}
