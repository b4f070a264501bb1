package dev.sheaf.cli;

import dev.sheaf.migration.Approval;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say who approved a change, and why.
final class ApprovalOptions {

  @Option(
      names = "--approved-by",
      paramLabel = "WHO",
      description =
          "Who approved the change; recorded. Required in production for changes that cannot be undone.")
  private @Nullable String by;

  @Option(names = "--reason", paramLabel = "WHY", description = "Why the change is made; recorded.")
  private @Nullable String reason;

  Approval approval() {
    return new Approval(by, reason);
  }
}
