package dev.sheaf.migration.lint;

import com.fasterxml.jackson.annotation.JsonProperty;

/// What a finding means for `sheaf migrate check`.
public enum Severity {
  /// It fails.
  @JsonProperty("error")
  ERROR,
  /// It fails with `--strict`.
  @JsonProperty("warning")
  WARNING
}
