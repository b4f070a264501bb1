package dev.sheaf.migration;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rollback that was written into a changelog which had none.
///
/// @param file that was written
/// @param statements that undo it, in order
/// @param lossy why rows are not what they were after it, as the file now declares; `null` when
///   they are
/// @param open what no statement was found for, and a person must complete
public record DerivedRollback(
    Path file, List<String> statements, @Nullable String lossy, List<String> open) {

  public DerivedRollback {
    statements = List.copyOf(statements);
    open = List.copyOf(open);
  }
}
