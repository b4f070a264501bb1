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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs changesets on a scratch database, and reports what they would do to a database in use.
///
/// @param changelogs the changelogs of the changesets
/// @param server the server for scratch databases
/// @param config the timeouts of changesets
/// @param against the database whose table sizes are reported, and whose rows are counted that
///   violate new constraints; `null` for none
/// @param vectors what the application stores and searches
public record Lint(
    Changelogs changelogs,
    DatabaseAddress server,
    MigrationConfig config,
    @Nullable DatabaseAddress against,
    Vectors vectors) {

  /// The result of a check.
  ///
  /// @param observed number of changesets that were run
  /// @param findings in the order of changesets and statements
  /// @param notes what was not observed, and why
  public record Report(int observed, List<Finding> findings, List<String> notes) {}

  /// Observes the selected changesets in order, each after the ones before it. Ends after a
  /// changeset that fails.
  ///
  /// @throws dev.sheaf.runtime.OperatorException if no scratch database can be created, or an
  ///   earlier changeset fails
  ///
  /// @param progress gets a line every few seconds
  public Report check(ChangesetSelection selection, Consumer<String> progress) {
    TargetDatabase target = against == null ? TargetDatabase.UNKNOWN : TargetDatabase.of(against);
    List<Finding> findings = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    int observed = 0;
    try (ScratchDatabase scratch = ScratchDatabase.after(selection.before(), server, config)) {
      StatementObserver observer =
          new StatementObserver(
              scratch.address(),
              config,
              Allowances.of(changelogs),
              target,
              vectors,
              progress,
              StatementObserver.REPORT_EVERY);
      for (Changeset changeset : selection.chosen()) {
        Observation observation = observer.observe(changeset);
        observed++;
        for (Finding finding : Rules.judge(observation)) {
          if (!isSaidBefore(finding, findings)) {
            findings.add(finding);
          }
        }
        target.rows().changes(observation);
        if (observation.failure() != null && observed < selection.chosen().size()) {
          notes.add("no changeset after " + changeset.label() + " was checked, because it fails");
          break;
        }
      }
      notes.addAll(observer.notes());
      notes.addAll(target.rows().notes());
    }
    return new Report(observed, List.copyOf(findings), List.copyOf(notes));
  }

  /// A warning about the server is the same for every changeset.
  private static boolean isSaidBefore(Finding finding, List<Finding> earlier) {
    return finding.severity() == Severity.WARNING
        && finding.rule().equals(Rules.ABOUT_THE_SERVER)
        && earlier.stream()
            .anyMatch(other ->
                other.rule().equals(finding.rule()) && other.severity() == finding.severity());
  }
}
