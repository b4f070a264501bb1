package dev.sheaf.limits;

import dev.sheaf.limits.ConcurrencyLimiter.Permit;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.util.HashMap;
import java.util.Map;

/// Limits how many requests of a kind that lasts for long are open: of all callers, and of one.
/// Such a request needs no connection and no thread's work while it waits for its client, so there
/// may be more of them than [ConcurrencyLimiter] has permits.
public final class OpenRequests {

  private final String plural;
  private final String setting;
  private final int limit;
  private final int limitPerCaller;
  private final Map<String, Integer> openByCaller = new HashMap<>();
  private int open;

  /// @param plural what they are, such as `event streams`
  /// @param setting the name of the setting with `limit`; `<setting>-per-caller` is the other one
  public OpenRequests(String plural, String setting, int limit, int limitPerCaller) {
    this.plural = plural;
    this.setting = setting;
    this.limit = limit;
    this.limitPerCaller = limitPerCaller;
  }

  /// Counts a request as open until the permit is closed, once. Never waits.
  ///
  /// @param caller as in [dev.sheaf.http.Caller#identity]
  /// @throws Problem `OVERLOADED` if too many requests are open, `TOO_MANY_REQUESTS` if too many of
  ///   them are the caller's
  public synchronized Permit open(String caller) {
    int own = openByCaller.getOrDefault(caller, 0);
    if (own >= limitPerCaller) {
      throw new Problem(
          ProblemType.TOO_MANY_REQUESTS,
          "The caller has %s %s open. Close one or wait until one ends, or raise %s-per-caller."
              .formatted(own, plural, setting));
    }
    if (open >= limit) {
      throw new Problem(
          ProblemType.OVERLOADED,
          "%s %s are open. Retry later, or raise %s.".formatted(open, plural, setting));
    }
    open++;
    openByCaller.put(caller, own + 1);
    return () -> close(caller);
  }

  private synchronized void close(String caller) {
    open--;
    openByCaller.computeIfPresent(caller, (_, own) -> own == 1 ? null : own - 1);
  }
}
