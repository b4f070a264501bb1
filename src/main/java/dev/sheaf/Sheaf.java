package dev.sheaf;

import dev.sheaf.cli.Cli;
import io.quarkus.runtime.Application;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.lang.reflect.Proxy;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The way in. Without arguments this is the service; a verb runs one command, and neither HTTP nor
/// Hibernate is started for it.
@QuarkusMain
public final class Sheaf {

  Sheaf() {}

  public static void main(String... arguments) {
    // Our own code names the locale wherever one matters, which the build checks; libraries may
    // not.
    Locale.setDefault(Locale.ROOT);
    if (arguments.length == 0) {
      endInOrder("TERM");
      endInOrder("INT");
      Quarkus.run();
    } else {
      System.exit(Cli.run(arguments));
    }
  }

  /// Stops the service before the JVM begins to exit. Left to itself the JVM runs all shutdown
  /// hooks at once, and ONNX Runtime's frees the model's environment under the requests that are
  /// being drained: the process would crash instead of ending.
  ///
  /// By reflection, because the JDK's only way to hear a signal is one that the compiler warns of,
  /// and that warning cannot be suppressed.
  private static void endInOrder(String name) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object received = signal.getConstructor(String.class).newInstance(name);
      int status = 128 + (int) signal.getMethod("getNumber").invoke(received);
      Object ending =
          Proxy.newProxyInstance(
              Sheaf.class.getClassLoader(), new Class<?>[] {handler}, (_, _, _) -> end(status));
      signal.getMethod("handle", signal, handler).invoke(null, received, ending);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This JVM has no signals", e);
    }
  }

  /// A start that is nearly through is let through first. One that is not may be a migration of
  /// hours; what it holds is let go with the process.
  private static @Nullable Object end(int status) throws InterruptedException {
    for (int tenths = 0; tenths < 30 && !isStarted(); tenths++) {
      Thread.sleep(100);
    }
    // Dev mode would take an orderly end of the service for a wish to start it again.
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
