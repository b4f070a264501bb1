package dev.sheaf.cli;

import dev.sheaf.transfer.SheafClient;
import java.net.URI;
import picocli.CommandLine.Option;

/// The option that names the service that a command calls.
final class ServiceOptions {

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "${env:SHEAF_SERVER:-http://localhost:8080}",
      description =
          "The URL of the running service. Default: SHEAF_SERVER, else http://localhost:8080. If SHEAF_API_KEY is set, it is sent with every request.")
  private URI server = URI.create("");

  SheafClient client() {
    return new SheafClient(server, System.getenv("SHEAF_API_KEY"));
  }
}
