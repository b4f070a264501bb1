package dev.sheaf.limits;

import dev.sheaf.http.Callers;
import jakarta.inject.Singleton;
import org.jboss.resteasy.reactive.server.core.CurrentRequestManager;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;

/// Finds the [MemoryBudget.Account] of the current request, which is closed when the request has
/// ended and its thread has finished, whatever the outcome.
@Singleton
public class RequestMemory {

  private static final String ACCOUNT = RequestMemory.class.getName();

  private final MemoryBudget budget;
  private final Callers callers;

  RequestMemory(MemoryBudget budget, Callers callers) {
    this.budget = budget;
    this.callers = callers;
  }

  /// The account of the current request.
  ///
  /// @throws IllegalStateException if this thread handles no request
  public MemoryBudget.Account ofRequest() {
    ResteasyReactiveRequestContext request = CurrentRequestManager.get();
    if (request == null) {
      throw new IllegalStateException("This thread handles no request");
    }
    if (request.getProperty(ACCOUNT) instanceof MemoryBudget.Account account) {
      return account;
    }
    MemoryBudget.Account account = budget.open(callers.ofRequest().identity());
    request.registerCompletionCallback(_ -> account.close());
    request.setProperty(ACCOUNT, account);
    return account;
  }
}
