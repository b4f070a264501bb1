package dev.sheaf.testing;

import static org.awaitility.pollinterval.IterativePollInterval.iterative;

import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionEvaluationListener;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.EvaluatedCondition;
import org.awaitility.core.TimeoutEvent;

/// How long a test waits for something that is certain to happen. The limit only ends a test that
/// would hang: a busy machine never reaches it. The output then has the stacks of the threads that
/// run code of Sheaf.
public final class Patience {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(40);

  /// Looking can cost a connection to the database, and with it more processor time than most of
  /// what is waited for.
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(400);

  private Patience() {}

  /// Like [Awaitility#await()], whose own limit of ten seconds a busy machine can exceed, and which
  /// fails with what any thread throws: in the other lane, threads of Quarkus are interrupted when
  /// it stops.
  public static ConditionFactory await() {
    return patient(Awaitility.await());
  }

  /// The same, with a text that a failure begins with.
  public static ConditionFactory await(String alias) {
    return patient(Awaitility.await(alias));
  }

  private static Duration longer(Duration pause) {
    return LONGEST_PAUSE.compareTo(pause.multipliedBy(2)) < 0
        ? LONGEST_PAUSE
        : pause.multipliedBy(2);
  }

  private static ConditionFactory patient(ConditionFactory condition) {
    return condition
        .dontCatchUncaughtExceptions()
        .atMost(LIMIT)
        .pollInterval(iterative(Patience::longer, FIRST_PAUSE))
        .conditionEvaluationListener(
            new ConditionEvaluationListener<>() {
              @Override
              public void conditionEvaluated(EvaluatedCondition<Object> condition) {}

              @Override
              public void onTimeout(TimeoutEvent timeout) {
                Thread.getAllStackTraces()
                    .forEach((thread, stack) -> {
                      if (Stream.of(stack)
                          .anyMatch(frame -> frame.getClassName().startsWith("dev.sheaf."))) {
                        System.out.println(thread);
                        Stream.of(stack).forEach(frame -> System.out.println("    at " + frame));
                      }
                    });
              }
            });
  }
}
