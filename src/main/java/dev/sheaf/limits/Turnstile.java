package dev.sheaf.limits;

import dev.sheaf.api.Problem;
import dev.sheaf.api.ProblemType;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Lets [Limited] methods in.
@Limited
@Interceptor
class Turnstile {

  private final LimitsConfig config;
  // First come, first served.
  private final Semaphore searches;
  private final Semaphore writes;
  private final Semaphore uploads;

  Turnstile(LimitsConfig config) {
    this.config = config;
    this.searches = new Semaphore(config.searches(), true);
    this.writes = new Semaphore(config.writes(), true);
    this.uploads = new Semaphore(config.uploads(), true);
  }

  @AroundInvoke
  Object pass(InvocationContext call) throws Exception {
    Work work = call.getInterceptorBinding(Limited.class).value();
    Semaphore place =
        switch (work) {
          case SEARCH -> searches;
          case WRITE -> writes;
          case UPLOAD -> uploads;
        };
    enter(work, place);
    try {
      return call.proceed();
    } finally {
      place.release();
    }
  }

  private void enter(Work work, Semaphore place) throws InterruptedException {
    boolean full = place.getQueueLength() >= config.queue();
    if (full || !place.tryAcquire(config.queueFor().toMillis(), TimeUnit.MILLISECONDS)) {
      throw new Problem(
          ProblemType.OVERLOADED,
          "as many %s as may are under way already, and others wait; try again later, or raise sheaf.limits.%s"
              .formatted(work.plural(), work.plural()));
    }
  }
}
