package dev.sheaf.schema.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.schema.ChangesetSelection;
import dev.sheaf.schema.ChangesetText;
import dev.sheaf.testing.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `sheaf migrate check --all` on the project's own changelogs.
class OwnChangelogsIT {

  private static final Path ROOT = Path.of("src/main/resources/db/changelog");

  @Test
  void everyChangesetIsCleanOrSaysWhyNot() {
    Lint lint =
        new Lint(ROOT, TestDatabase.server(), ChangesetText.defaults(), null, RuleHarness.VECTORS);

    Lint.Report report = lint.check(ChangesetSelection.all(ROOT));

    assertThat(report.findings()).isEmpty();
    assertThat(report.notes()).isEqualTo(List.of());
  }
}
