package dev.sheaf.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;

/// The name of this process in locks and in the history. A native executable initializes this class
/// at run time: otherwise every process would have the name of the one that built it.
public final class ProcessIdentity {

  /// `user@host/pid`.
  public static final String NAME =
      System.getProperty("user.name") + "@" + host() + "/" + ProcessHandle.current().pid();

  /// The version of the application.
  public static final String VERSION = version();

  private ProcessIdentity() {}

  /// From a file that the build writes. A native executable has no manifest, and a command starts
  /// no Quarkus.
  private static String version() {
    try (InputStream in = ProcessIdentity.class.getResourceAsStream("version")) {
      if (in == null) {
        throw new IllegalStateException("The application contains no file with its version");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
