package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.DataTest;
import dev.sheaf.migration.execute.BackfillCheck;
import dev.sheaf.migration.scratch.RowDigests;
import dev.sheaf.migration.scratch.SampleRowTrial;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Proves rollbacks: applies changesets, rolls them back and applies them again, on a scratch
/// database with sample rows. Finally, a rollback must not fail on rows that were written since the
/// changeset was applied.
///
/// The catalog must be exactly the same, with one exception: a column that is dropped and added
/// again becomes the last column, which no SQL can avoid. This is reported as a remark.
public final class RollbackProver {

  private RollbackProver() {}

  /// Proves the changesets `chosen` in the order of `all`, each after the ones before it.
  ///
  /// @param server the server for scratch databases
  /// @param tests the test that its author wrote of a changeset; empty if there is none
  /// @param listener called after each proof
  /// @return the proofs; they end at a changeset that cannot be applied
  public static List<RollbackProof> prove(
      DatabaseAddress server,
      MigrationConfig config,
      List<Changeset> all,
      Collection<Changeset> chosen,
      Function<Changeset, Optional<DataTest>> tests,
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
        if (proof.verdict() != Verdict.FAILED) {
          proof = test(server, config, all.subList(0, i), all.get(i), tests, proof);
        }
        proofs.add(proof);
        listener.accept(proof);
        if (proof.verdict() == Verdict.FAILED && !canContinueAfter(trial, all.get(i), i)) {
          break;
        }
      }
    }
    return proofs;
  }

  /// Restores the state after a changeset whose proof failed, for the next proof.
  ///
  /// @return whether the changeset can be applied at all
  private static boolean canContinueAfter(SampleRowTrial trial, Changeset changeset, int position)
      throws SQLException {
    trial.restart(position);
    try {
      trial.up(changeset);
      return true;
    } catch (OperatorException _) {
      return false; // Its proof has reported the failure.
    }
  }

  /// The proof after its author's test, if there is one.
  private static RollbackProof test(
      DatabaseAddress server,
      MigrationConfig config,
      List<Changeset> before,
      Changeset changeset,
      Function<Changeset, Optional<DataTest>> tests,
      RollbackProof proof)
      throws SQLException {
    String failure;
    List<Difference> differences = List.of();
    try {
      Optional<DataTest> test = tests.apply(changeset);
      if (test.isPresent()) {
        differences = DataTestRun.of(server, config, before, changeset, test.get());
      }
      if (differences.isEmpty()) {
        return proof;
      }
      failure = "its test has other rows than expected";
    } catch (OperatorException e) {
      failure = e.problem();
    }
    return new RollbackProof(
        proof.changeset(), Verdict.FAILED, failure, differences, proof.lost(), proof.remarks());
  }

  private static RollbackProof prove(SampleRowTrial trial, Changeset changeset, int position)
      throws SQLException {
    List<String> remarks = new ArrayList<>();
    List<Difference> differences = List.of();
    List<String> lost = List.of();
    @Nullable String failure;
    @Nullable String rejected = null;
    try {
      changeset.requireRollback();
      SampleRowTrial.Before before = trial.upWithRows(position);
      remarks.addAll(before.remarks());
      Connection connection = trial.connection();
      Optional<BackfillDeclaration> backfill = changeset.backfill();
      if (backfill.isPresent()) {
        BackfillCheck.requireValid(connection, backfill.get());
      }
      CatalogSnapshot up = CatalogSnapshot.of(connection).withoutEngine();
      trial.down(changeset);
      CatalogSnapshot down = CatalogSnapshot.of(connection).withoutEngine();
      RowDigests.Changes changes = before.rows().changes(connection);
      lost = changes.lost();
      changes
          .added()
          .forEach(table -> remarks.add(table + " has additional rows after the rollback"));
      differences = differences(before.catalog(), down);
      if (differences.isEmpty()) {
        remarks.addAll(moved(before.catalog(), down));
        trial.up(changeset);
        differences = differences(up, CatalogSnapshot.of(connection).withoutEngine());
        failure =
            differences.isEmpty()
                ? null
                : "applying it again gives another catalog than the first time";
        if (failure == null && changeset.down() != null) {
          rejected =
              trial
                  .downAfterMoreRows(before, changeset.down())
                  .map("its rollback fails on rows that were written since: "::concat)
                  .orElse(null);
        }
      } else {
        failure = "after its rollback, the catalog is not the same as before";
      }
    } catch (OperatorException e) {
      failure = e.problem();
    }
    String declared = changeset.directives().lossyRollback();
    if (failure == null && !lost.isEmpty() && declared == null) {
      failure = "its rollback loses rows, but the file does not declare --lossy-rollback WHY";
    }
    if (rejected != null && declared == null && failure == null) {
      failure = rejected;
    } else if (rejected != null) {
      remarks.add(rejected);
    }
    boolean lossy = !lost.isEmpty() || rejected != null;
    if (failure == null && !lossy && declared != null) {
      remarks.add("it declares --lossy-rollback, but no rows were lost");
    }
    Verdict verdict = failure != null ? Verdict.FAILED : lossy ? Verdict.LOSSY : Verdict.PROVEN;
    String reason = verdict == Verdict.LOSSY ? declared : failure;
    return new RollbackProof(changeset.label(), verdict, reason, differences, lost, remarks);
  }

  private static List<Difference> differences(CatalogSnapshot expected, CatalogSnapshot actual) {
    return expected.withoutColumnOrder().differences(actual.withoutColumnOrder());
  }

  /// Remarks about tables whose columns are in a different order. Partitions follow their parent.
  private static List<String> moved(CatalogSnapshot before, CatalogSnapshot after) {
    return before.differences(after).stream()
        .filter(column -> !String.valueOf(column.actual()).contains(" inherited"))
        .map(column ->
            column.object().substring("column ".length(), column.object().lastIndexOf('.')))
        .distinct()
        .map(table -> "the columns of " + table + " are in a different order")
        .toList();
  }
}
