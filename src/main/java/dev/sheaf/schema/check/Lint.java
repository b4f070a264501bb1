package dev.sheaf.schema.check;

import dev.sheaf.schema.Changelogs;
import dev.sheaf.schema.Changeset;
import dev.sheaf.schema.ChangesetSelection;
import dev.sheaf.schema.DatabaseAddress;
import dev.sheaf.schema.SchemaConfig;
import dev.sheaf.schema.ScratchDatabase;
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
    SchemaConfig config,
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
  /// @throws dev.sheaf.schema.SchemaException when the server refuses a scratch database, or the
  ///   state before the first cannot be made
  public Report check(ChangesetSelection selection) {
    Live live = against == null ? Live.UNKNOWN : Live.of(against);
    List<Finding> findings = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    int observed = 0;
    try (ScratchDatabase scratch = ScratchDatabase.after(selection.before(), server, config)) {
      Observer observer =
          new Observer(scratch.address(), config, Allowances.of(changelogs), live, vectors);
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
