package dev.sheaf.cli;

import dev.sheaf.transfer.SheafClient;
import java.net.URI;
import picocli.CommandLine.Option;

/// Which service a verb talks to.
final class ServiceOptions {

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "${env:SHEAF_SERVER:-http://localhost:8080}",
      description =
          "The running service (default: SHEAF_SERVER, else http://localhost:8080). SHEAF_API_KEY in the environment is sent with every request.")
  private URI server = URI.create("");

  SheafClient client() {
    return new SheafClient(server, System.getenv("SHEAF_API_KEY"));
  }
}
