package dev.sheaf.migration.lint;

import com.fasterxml.jackson.annotation.JsonProperty;

/// The severity of a finding.
public enum Severity {
  /// `sheaf migrate check` fails.
  @JsonProperty("error")
  ERROR,
  /// `sheaf migrate check` fails with `--strict` only.
  @JsonProperty("warning")
  WARNING
}
