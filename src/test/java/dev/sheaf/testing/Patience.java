package dev.sheaf.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/// How long a test waits for something that is certain to happen. The limit only ends a test that
/// would hang: a busy machine never reaches it.
public final class Patience {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private Patience() {}

  /// Like [Awaitility#await()], whose own limit of ten seconds a busy machine can exceed, and which
  /// fails with what any thread throws: in the other lane, threads of Quarkus are interrupted when
  /// it stops.
  public static ConditionFactory await() {
    return Awaitility.await().dontCatchUncaughtExceptions().atMost(LIMIT);
  }

  /// The same, with a text that a failure begins with.
  public static ConditionFactory await(String alias) {
    return Awaitility.await(alias).dontCatchUncaughtExceptions().atMost(LIMIT);
  }
}
