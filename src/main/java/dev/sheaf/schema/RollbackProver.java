package dev.sheaf.schema;

import dev.sheaf.schema.CanaryRows.Density;
import dev.sheaf.schema.RollbackProof.Verdict;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Runs changesets up, down and up again on a scratch database that has canary rows.
///
/// The catalog is compared to the letter, with one exception: a column that is dropped and added
/// again comes back as the last one, which no SQL can avoid. Such columns are remarked on.
final class RollbackProver {

  private final DatabaseAddress server;
  private final SchemaConfig config;
  private final List<Changeset> all;
  private ScratchSchema scratch;

  private RollbackProver(DatabaseAddress server, SchemaConfig config, List<Changeset> all)
      throws SQLException {
    this.server = server;
    this.config = config;
    this.all = all;
    this.scratch = ScratchSchema.at(server, config, List.of());
  }

  /// Proves `chosen` among `all`, in this order, each on the state that those before it make.
  ///
  /// @param server where databases may be created
  /// @param listener told of each proof when it is done
  /// @return the proofs; those behind a changeset that does not go up at all are missing
  static List<RollbackProof> prove(
      DatabaseAddress server,
      SchemaConfig config,
      List<Changeset> all,
      Collection<Changeset> chosen,
      Consumer<RollbackProof> listener)
      throws SQLException {
    List<RollbackProof> proofs = new ArrayList<>();
    if (chosen.isEmpty()) {
      return proofs;
    }
    RollbackProver prover = new RollbackProver(server, config, all);
    try {
      for (int i = 0; proofs.size() < chosen.size() && i < all.size(); i++) {
        if (!chosen.contains(all.get(i))) {
          prover.scratch.up(all.get(i));
          continue;
        }
        RollbackProof proof = prover.prove(i);
        proofs.add(proof);
        listener.accept(proof);
        if (proof.verdict() == Verdict.FAILED && !prover.goOnBehind(i)) {
          break;
        }
      }
    } finally {
      prover.scratch.close();
    }
    return proofs;
  }

  /// Whatever state a failed one left, the next begins where this one should have ended.
  ///
  /// @return whether there is such a state
  private boolean goOnBehind(int position) throws SQLException {
    restart(position);
    try {
      scratch.up(all.get(position));
      return true;
    } catch (SchemaException _) {
      return false; // Its proof has said why.
    }
  }

  private void restart(int position) throws SQLException {
    scratch.close();
    scratch = ScratchSchema.at(server, config, all.subList(0, position));
  }

  private RollbackProof prove(int position) throws SQLException {
    Changeset changeset = all.get(position);
    CanaryDiet diet = new CanaryDiet();
    while (true) {
      CanaryRows.Result canaries = CanaryRows.fill(scratch.connection(), diet::density);
      CatalogSnapshot before = CatalogSnapshot.of(scratch.connection()).withoutEngine();
      RowDigests rows = RowDigests.of(scratch.connection());
      List<String> remarks = new ArrayList<>(diet.remarks());
      canaries
          .unfilled()
          .forEach(t -> remarks.add("no canary row in " + t.table() + ": " + t.reason()));
      try {
        scratch.up(changeset);
      } catch (SchemaException e) {
        if (diet.reduce(e)) {
          restart(position);
          continue;
        }
        return new RollbackProof(
            changeset.label(), Verdict.FAILED, e.problem(), List.of(), List.of(), remarks);
      }
      return judge(changeset, before, rows, remarks);
    }
  }

  /// Goes down and up again.
  private RollbackProof judge(
      Changeset changeset, CatalogSnapshot before, RowDigests rows, List<String> remarks)
      throws SQLException {
    Connection connection = scratch.connection();
    List<Difference> differences = List.of();
    List<String> lost = List.of();
    @Nullable String failure;
    try {
      CatalogSnapshot up = CatalogSnapshot.of(connection).withoutEngine();
      scratch.down(changeset);
      CatalogSnapshot down = CatalogSnapshot.of(connection).withoutEngine();
      lost = rows.changed(connection);
      differences = between(before, down);
      if (differences.isEmpty()) {
        remarks.addAll(moved(before, down));
        scratch.up(changeset);
        differences = between(up, CatalogSnapshot.of(connection).withoutEngine());
        failure = differences.isEmpty() ? null : "its second run does not make what its first made";
      } else {
        failure = "after its rollback the catalog is not what it was";
      }
    } catch (SchemaException e) {
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
    return Difference.all(expected.withoutColumnOrder(), actual.withoutColumnOrder());
  }

  /// Columns that are as before, but not where they were.
  private static List<String> moved(CatalogSnapshot before, CatalogSnapshot after) {
    return Difference.all(before, after).stream()
        .map(column -> column.object() + " has another place among the columns of its table")
        .toList();
  }

  /// What tables may be given so that a changeset goes up. Canary rows are made up, and what they
  /// say may be in the way of a constraint to come: then the table gets nulls, and if that does not
  /// help, nothing.
  private static final class CanaryDiet {
    private final Map<String, Density> densities = new HashMap<>();
    private final List<String> remarks = new ArrayList<>();
    private Density otherwise = Density.FULL;

    Density density(String table) {
      return densities.getOrDefault(table, otherwise);
    }

    List<String> remarks() {
      return remarks;
    }

    /// @return false when rows were not to blame
    boolean reduce(SchemaException failure) {
      if (!(failure.getCause() instanceof PSQLException e) || !isAboutData(e)) {
        return false;
      }
      ServerErrorMessage message = e.getServerErrorMessage();
      @Nullable String table =
          message == null || message.getTable() == null
              ? null
              : message.getSchema() + "." + message.getTable();
      Density current = table == null ? otherwise : density(table);
      if (current == Density.NONE) {
        return false;
      }
      Density lower = current == Density.FULL ? Density.SPARSE : Density.NONE;
      if (lower == Density.NONE) {
        remarks.add(
            "with rows in %s it fails: %s"
                .formatted(table == null ? "its tables" : table, SqlProblem.message(e)));
      }
      if (table == null) {
        otherwise = lower;
      } else {
        densities.put(table, lower);
      }
      return true;
    }

    /// A data exception, or a violated constraint.
    private static boolean isAboutData(PSQLException e) {
      return SqlProblem.state(e).startsWith("22") || SqlProblem.state(e).startsWith("23");
    }
  }
}
