package dev.sheaf.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option that names the server for scratch databases.
final class ScratchOptions {

  @Option(
      names = "--scratch",
      paramLabel = "URL",
      converter = UrlArgument.class,
      description = "The server to create scratch databases on. Default: the configured server.")
  private @Nullable String url;

  @Nullable String url() {
    return url;
  }
}
