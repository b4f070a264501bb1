package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The result of applying a changeset, rolling it back and applying it again.
///
/// @param changeset `module/NNN_name`
/// @param reason why the proof failed, or the declared reason for lost rows; `null` if proven
/// @param differences after a failure, the differences between the catalogs before up and after
///   down, or after the first and the second up
/// @param lost tables with rows that existed before up and are missing or changed after down
/// @param remarks remarks for people: tables without sample rows, columns in a different order, a
///   declaration that is not needed
public record RollbackProof(
    String changeset,
    Verdict verdict,
    @Nullable String reason,
    List<Difference> differences,
    List<String> lost,
    List<String> remarks) {

  /// Whether the rollback undoes the changeset.
  public enum Verdict {
    /// The catalog and all rows are as before.
    @JsonProperty("proven")
    PROVEN,
    /// The catalog is as before, and rows are lost or prevent the rollback, as the file declares.
    @JsonProperty("lossy")
    LOSSY,
    /// The rollback does not undo the changeset.
    @JsonProperty("failed")
    FAILED
  }

  public RollbackProof {
    differences = List.copyOf(differences);
    lost = List.copyOf(lost);
    remarks = List.copyOf(remarks);
  }
}
