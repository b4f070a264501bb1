package dev.sheaf.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Where a database may be created and dropped again.
final class ScratchOptions {

  @Option(
      names = "--scratch",
      paramLabel = "URL",
      converter = UrlArgument.class,
      description =
          "A server on which a database may be created and dropped again, instead of the configured one.")
  private @Nullable String url;

  @Nullable String url() {
    return url;
  }
}
