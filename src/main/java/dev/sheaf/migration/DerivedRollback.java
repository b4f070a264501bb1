package dev.sheaf.migration;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A rollback that was derived and written into a changelog file.
///
/// @param file the file
/// @param statements the rollback's statements, in order
/// @param lossy the file's new `--lossy-rollback` reason; `null` if the rollback loses no rows
/// @param open changes without a known inverse, which a person must complete
public record DerivedRollback(
    Path file, List<String> statements, @Nullable String lossy, List<String> open) {

  public DerivedRollback {
    statements = List.copyOf(statements);
    open = List.copyOf(open);
  }
}
