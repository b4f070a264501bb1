package dev.sheaf.runtime;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.Quarkus;
import org.jboss.logging.Logger;

/// Ends the process when a start-up check fails.
public final class StartupFailure {

  private static final Logger LOG = Logger.getLogger(StartupFailure.class);

  private StartupFailure() {}

  /// Runs a check. If it throws an [OperatorException], logs one line and ends the process with
  /// exit code 1.
  ///
  /// @param part the part of the service that is checked; it begins the line
  public static void exitIfFails(String part, Runnable check) {
    try {
      check.run();
    } catch (OperatorException e) {
      if (LaunchMode.current() != LaunchMode.NORMAL) {
        // Dev mode shows the exception in the browser, and a test in its report.
        throw e;
      }
      // One line for the operator. A stack trace would add nothing.
      LOG.fatalf("%s: %s", part, e.getMessage());
      // The exception ends the start, but not the process.
      Quarkus.asyncExit(1);
      throw new PreventFurtherStepsException(1);
    }
  }
}
