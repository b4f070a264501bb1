package dev.sheaf.limits;

import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;

/// Sends calls of [Limited] methods through the [Turnstile].
@Limited
@Interceptor
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
