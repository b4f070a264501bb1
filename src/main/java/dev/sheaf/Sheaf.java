package dev.sheaf;

import dev.sheaf.cli.Cli;
import io.quarkus.runtime.Application;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The main class. Without arguments it runs the service. With arguments it runs one command, with
/// or without `sheaf` before it, and starts neither HTTP nor Hibernate.
@QuarkusMain
public final class Sheaf {

  Sheaf() {}

  public static void main(String... arguments) {
    // Our own code names the locale wherever one matters, which the build checks; libraries may
    // not.
    Locale.setDefault(Locale.ROOT);
    run(withoutName(arguments));
  }

  /// `docker run IMAGE sheaf migrate status` is what people write.
  private static String[] withoutName(String... arguments) {
    return arguments.length > 0 && arguments[0].equals("sheaf")
        ? Arrays.copyOfRange(arguments, 1, arguments.length)
        : arguments;
  }

  private static void run(String... arguments) {
    if (arguments.length == 0) {
      shutDownOn("TERM");
      shutDownOn("INT");
      Quarkus.run();
    } else {
      System.exit(Cli.run(arguments));
    }
  }

  /// Handles a signal by stopping the service before the JVM begins to exit. By default the JVM
  /// runs all shutdown hooks concurrently. The hook of ONNX Runtime would free the model while
  /// requests that use it are still running, and the process would crash.
  ///
  /// This uses reflection, because the JDK has only an internal API for signals, and the compiler's
  /// warning about it cannot be suppressed.
  private static void shutDownOn(String name) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object received = signal.getConstructor(String.class).newInstance(name);
      int status = 128 + (int) signal.getMethod("getNumber").invoke(received);
      Object shutdown =
          Proxy.newProxyInstance(
              Sheaf.class.getClassLoader(), new Class<?>[] {handler}, (_, _, _) -> exit(status));
      signal.getMethod("handle", signal, handler).invoke(null, received, shutdown);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This JVM does not support signals", e);
    }
  }

  /// Waits up to 3 s for a start in progress to complete. A longer start may be a migration that
  /// takes hours; PostgreSQL releases its locks when the process ends.
  private static @Nullable Object exit(int status) throws InterruptedException {
    for (int tenths = 0; tenths < 30 && !isStarted(); tenths++) {
      Thread.sleep(100);
    }
    // In dev mode, asyncExit would restart the service.
    if (isStarted() && LaunchMode.current() == LaunchMode.NORMAL) {
      Quarkus.asyncExit(status);
    } else {
      System.exit(status);
    }
    return null;
  }

  private static boolean isStarted() {
    Application application = Application.currentApplication();
    return application != null && application.isStarted();
  }
}
