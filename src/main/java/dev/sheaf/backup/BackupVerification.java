package dev.sheaf.backup;

import dev.sheaf.migration.Difference;
import dev.sheaf.migration.history.VerifiedBackup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of restoring a backup for proof.
///
/// @param backup what it says it is
/// @param differences between what it says and what was restored: objects of the catalog, and `rows
///   of schema.table`; empty when it holds what it says
/// @param recorded as it stands in the source's record; `null` when there are differences, no
///   source was named, or it is not a backup of that source
/// @param notes what a person may want to know
public record BackupVerification(
    BackupResult backup,
    List<Difference> differences,
    @Nullable VerifiedBackup recorded,
    List<String> notes) {

  public BackupVerification {
    differences = List.copyOf(differences);
    notes = List.copyOf(notes);
  }

  public boolean success() {
    return differences.isEmpty();
  }
}
