package dev.sheaf.migration.lint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.ChangesetText;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.lint.rule.RuleHarness;
import dev.sheaf.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `sheaf migrate check --all` on the project's own changelogs in the artifact.
class OwnChangelogsIT {

  @Test
  void everyChangesetIsCleanOrSaysWhyNot() {
    Changelogs changelogs = Changelogs.bundled();
    Lint lint =
        new Lint(
            changelogs, TestDatabase.server(), ChangesetText.defaults(), null, RuleHarness.VECTORS);

    Lint.Report report = lint.check(ChangesetSelection.all(changelogs), _ -> {});

    assertThat(report.findings()).isEmpty();
    assertThat(report.notes()).isEqualTo(List.of());
  }
}
