package dev.sheaf.migration.lint;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.lint.rule.Rules;
import dev.sheaf.migration.lint.rule.Vectors;
import dev.sheaf.migration.scratch.ScratchDatabase;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Runs changesets where they can do no harm, and says what they would do elsewhere.
///
/// @param changelogs from which the changesets are
/// @param server where scratch databases may be created, and as whom
/// @param config the timeouts with which changesets run
/// @param against a live database whose statistics say how large tables are; `null` when none
/// @param vectors what the application stores and searches
public record Lint(
    Changelogs changelogs,
    DatabaseAddress server,
    MigrationConfig config,
    @Nullable DatabaseAddress against,
    Vectors vectors) {

  /// What was found.
  ///
  /// @param observed how many changesets were run
  /// @param findings in the order of the changesets and their statements
  /// @param notes what was not observed, and why
  public record Report(int observed, List<Finding> findings, List<String> notes) {}

  /// Observes the chosen changesets in order, each on what the ones before it made. Ends after one
  /// that fails.
  ///
  /// @throws dev.sheaf.runtime.OperatorException when the server refuses a scratch database, or the
  ///   state before the first cannot be made
  public Report check(ChangesetSelection selection) {
    TargetDatabase live = against == null ? TargetDatabase.UNKNOWN : TargetDatabase.of(against);
    List<Finding> findings = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    int observed = 0;
    try (ScratchDatabase scratch = ScratchDatabase.after(selection.before(), server, config)) {
      StatementObserver observer =
          new StatementObserver(
              scratch.address(), config, Allowances.of(changelogs), live, vectors);
      for (Changeset changeset : selection.chosen()) {
        Observation observation = observer.observe(changeset);
        observed++;
        findings.addAll(Rules.judge(observation));
        if (observation.failure() != null && observed < selection.chosen().size()) {
          notes.add("nothing after " + changeset.label() + " was observed, because it fails");
          break;
        }
      }
      notes.addAll(observer.notes());
    }
    return new Report(observed, List.copyOf(findings), List.copyOf(notes));
  }
}
