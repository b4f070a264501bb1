package dev.sheaf.schema.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.schema.Changelogs;
import dev.sheaf.schema.ChangesetSelection;
import dev.sheaf.schema.ChangesetText;
import dev.sheaf.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `sheaf migrate check --all` on the project's own changelogs, as they are packed.
class OwnChangelogsIT {

  @Test
  void everyChangesetIsCleanOrSaysWhyNot() {
    Changelogs changelogs = Changelogs.bundled();
    Lint lint =
        new Lint(
            changelogs, TestDatabase.server(), ChangesetText.defaults(), null, RuleHarness.VECTORS);

    Lint.Report report = lint.check(ChangesetSelection.all(changelogs));

    assertThat(report.findings()).isEmpty();
    assertThat(report.notes()).isEqualTo(List.of());
  }
}
