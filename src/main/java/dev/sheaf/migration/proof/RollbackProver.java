package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.scratch.RowDigests;
import dev.sheaf.migration.scratch.SampleRowTrial;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs changesets up, down and up again on a scratch database that has canary rows.
///
/// The catalog is compared to the letter, with one exception: a column that is dropped and added
/// again comes back as the last one, which no SQL can avoid. Such columns are remarked on.
public final class RollbackProver {

  private RollbackProver() {}

  /// Proves `chosen` among `all`, in this order, each on the state that those before it make.
  ///
  /// @param server where databases may be created
  /// @param listener told of each proof when it is done
  /// @return the proofs; those behind a changeset that does not go up at all are missing
  public static List<RollbackProof> prove(
      DatabaseAddress server,
      MigrationConfig config,
      List<Changeset> all,
      Collection<Changeset> chosen,
      Consumer<RollbackProof> listener)
      throws SQLException {
    List<RollbackProof> proofs = new ArrayList<>();
    if (chosen.isEmpty()) {
      return proofs;
    }
    try (SampleRowTrial trial = new SampleRowTrial(server, config, all, 0)) {
      for (int i = 0; proofs.size() < chosen.size() && i < all.size(); i++) {
        if (!chosen.contains(all.get(i))) {
          trial.up(all.get(i));
          continue;
        }
        RollbackProof proof = prove(trial, all.get(i), i);
        proofs.add(proof);
        listener.accept(proof);
        if (proof.verdict() == Verdict.FAILED && !goesOnBehind(trial, all.get(i), i)) {
          break;
        }
      }
    }
    return proofs;
  }

  /// Whatever state a failed one left, the next begins where this one should have ended.
  ///
  /// @return whether there is such a state
  private static boolean goesOnBehind(SampleRowTrial trial, Changeset changeset, int position)
      throws SQLException {
    trial.restart(position);
    try {
      trial.up(changeset);
      return true;
    } catch (OperatorException _) {
      return false; // Its proof has said why.
    }
  }

  private static RollbackProof prove(SampleRowTrial trial, Changeset changeset, int position)
      throws SQLException {
    List<String> remarks = new ArrayList<>();
    List<Difference> differences = List.of();
    List<String> lost = List.of();
    @Nullable String failure;
    try {
      SampleRowTrial.Before before = trial.upWithRows(position);
      remarks.addAll(before.remarks());
      Connection connection = trial.connection();
      CatalogSnapshot up = CatalogSnapshot.of(connection).withoutEngine();
      trial.down(changeset);
      CatalogSnapshot down = CatalogSnapshot.of(connection).withoutEngine();
      RowDigests.Changes changes = before.rows().changes(connection);
      lost = changes.lost();
      changes.added().forEach(table -> remarks.add(table + " has rows that were not there before"));
      differences = between(before.catalog(), down);
      if (differences.isEmpty()) {
        remarks.addAll(moved(before.catalog(), down));
        trial.up(changeset);
        differences = between(up, CatalogSnapshot.of(connection).withoutEngine());
        failure = differences.isEmpty() ? null : "its second run does not make what its first made";
      } else {
        failure = "after its rollback the catalog is not what it was";
      }
    } catch (OperatorException e) {
      failure = e.problem();
    }
    String declared = changeset.directives().lossyRollback();
    if (failure == null && !lost.isEmpty() && declared == null) {
      failure = "its rollback loses rows, and no --lossy-rollback WHY declares it";
    }
    if (failure == null && lost.isEmpty() && declared != null) {
      remarks.add("it declares --lossy-rollback, and no row was lost");
    }
    Verdict verdict =
        failure != null ? Verdict.FAILED : lost.isEmpty() ? Verdict.PROVEN : Verdict.LOSSY;
    String reason = verdict == Verdict.LOSSY ? declared : failure;
    return new RollbackProof(changeset.label(), verdict, reason, differences, lost, remarks);
  }

  private static List<Difference> between(CatalogSnapshot expected, CatalogSnapshot actual) {
    return expected.withoutColumnOrder().differences(actual.withoutColumnOrder());
  }

  /// Tables whose columns are as before, but not where they were. A partition's are its parent's.
  private static List<String> moved(CatalogSnapshot before, CatalogSnapshot after) {
    return before.differences(after).stream()
        .filter(column -> !String.valueOf(column.actual()).contains(" inherited"))
        .map(column ->
            column.object().substring("column ".length(), column.object().lastIndexOf('.')))
        .distinct()
        .map(table -> "the columns of " + table + " are in another order")
        .toList();
  }
}
