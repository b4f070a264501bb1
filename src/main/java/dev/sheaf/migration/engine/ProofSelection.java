package dev.sheaf.migration.engine;

import java.nio.file.Path;

/// Which changesets are proved.
public sealed interface ProofSelection {

  /// Those that the database does not have yet.
  record Pending() implements ProofSelection {}

  /// Every changeset.
  record All() implements ProofSelection {}

  /// One changeset.
  ///
  /// @param file its path; the last two parts of it, `module/NNN_name.sql`, name it
  record One(Path file) implements ProofSelection {}
}
