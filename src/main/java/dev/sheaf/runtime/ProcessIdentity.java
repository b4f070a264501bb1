package dev.sheaf.runtime;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.eclipse.microprofile.config.ConfigProvider;

/// The name of this process in locks and in the history.
public final class ProcessIdentity {

  /// `user@host/pid`.
  public static final String NAME =
      System.getProperty("user.name") + "@" + host() + "/" + ProcessHandle.current().pid();

  /// The version of the application.
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
    // In Kubernetes this is the name of the pod.
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
