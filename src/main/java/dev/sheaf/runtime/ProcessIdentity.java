package dev.sheaf.runtime;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.eclipse.microprofile.config.ConfigProvider;

/// Who this process is, for those who look at locks and histories.
public final class ProcessIdentity {

  /// `user@host/pid`.
  public static final String NAME =
      System.getProperty("user.name") + "@" + host() + "/" + ProcessHandle.current().pid();

  /// The version of the application, as its build named it.
  public static final String VERSION = version();

  private ProcessIdentity() {}

  private static String version() {
    String packaged = ProcessIdentity.class.getPackage().getImplementationVersion();
    return packaged != null
        ? packaged
        : ConfigProvider.getConfig()
            .getOptionalValue("quarkus.application.version", String.class)
            .orElse("development");
  }

  private static String host() {
    // Inside a container this is the pod's name, which is what an operator looks for.
    String host = System.getenv("HOSTNAME");
    if (host != null && !host.isBlank()) {
      return host;
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return "unknown";
    }
  }
}
