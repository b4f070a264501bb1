package dev.sheaf.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/// How long a test waits for something that is certain to happen. The limit only ends a test that
/// would hang: a busy machine never reaches it.
public final class Patience {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private Patience() {}

  /// Like [Awaitility#await()], whose own limit of ten seconds a busy machine can exceed.
  public static ConditionFactory await() {
    return Awaitility.await().atMost(LIMIT);
  }

  /// The same, with a text for the failure.
  public static ConditionFactory await(String alias) {
    return Awaitility.await(alias).atMost(LIMIT);
  }
}
