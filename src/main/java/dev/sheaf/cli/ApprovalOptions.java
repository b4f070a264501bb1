package dev.sheaf.cli;

import dev.sheaf.migration.Approval;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Who answers for a change, and why; both are recorded.
final class ApprovalOptions {

  @Option(
      names = "--approved-by",
      paramLabel = "WHO",
      description = "Who decided it; recorded. Required in production for what cannot be undone.")
  private @Nullable String by;

  @Option(names = "--reason", paramLabel = "WHY", description = "Why; recorded.")
  private @Nullable String reason;

  Approval approval() {
    return new Approval(by, reason);
  }
}
