package dev.sheaf.migration.engine;

import java.nio.file.Path;

/// Which changesets to prove.
public sealed interface ProofSelection {

  /// The pending changesets.
  record Pending() implements ProofSelection {}

  /// Every changeset.
  record All() implements ProofSelection {}

  /// One changeset.
  ///
  /// @param file its path, whose last two parts are `module/NNN_name.sql`
  record One(Path file) implements ProofSelection {}
}
