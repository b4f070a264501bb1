package dev.sheaf.runtime;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.Quarkus;
import org.jboss.logging.Logger;

/// The end of a start that must not go on.
public final class StartupFailure {

  private static final Logger LOG = Logger.getLogger(StartupFailure.class);

  private StartupFailure() {}

  /// Ends the start when `check` throws a [OperatorException], and says why in one line.
  ///
  /// @param part of the service that is checked
  public static void unless(String part, Runnable check) {
    try {
      check.run();
    } catch (OperatorException e) {
      if (LaunchMode.current() != LaunchMode.NORMAL) {
        // The page of dev mode and the report of a test show it.
        throw e;
      }
      // One line for the operator; a stack trace would say nothing more.
      LOG.fatalf("%s: %s", part, e.getMessage());
      // The exception ends the start, but not the process that waits for its end.
      Quarkus.asyncExit(1);
      throw new PreventFurtherStepsException(1);
    }
  }
}
