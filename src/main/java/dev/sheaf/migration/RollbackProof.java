package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What became of a schema, and of the rows in it, when one changeset went up, down and up again.
///
/// @param changeset `module/NNN_name`
/// @param reason why it failed, or why the file says that rows may be lost; `null` when proven
/// @param differences of a failed one: between the catalog before up and after down, or between the
///   first and the second up
/// @param lost tables whose rows were there before up and are not, or not the same, after down
/// @param remarks what a person should know besides: tables without canary rows, columns that
///   changed places, a declaration that is not needed
public record RollbackProof(
    String changeset,
    Verdict verdict,
    @Nullable String reason,
    List<Difference> differences,
    List<String> lost,
    List<String> remarks) {

  /// Whether its rollback undoes it.
  public enum Verdict {
    /// The catalog and every row are as before.
    @JsonProperty("proven")
    PROVEN,
    /// The catalog is as before; rows are lost, and the file says so.
    @JsonProperty("lossy")
    LOSSY,
    /// It does not.
    @JsonProperty("failed")
    FAILED
  }

  public RollbackProof {
    differences = List.copyOf(differences);
    lost = List.copyOf(lost);
    remarks = List.copyOf(remarks);
  }
}
