package dev.sheaf.migration;

import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetParser;
import java.nio.charset.StandardCharsets;

/// Parses changesets for tests.
public final class ChangesetText {

  private ChangesetText() {}

  /// The changeset of a file with this name and content.
  public static Changeset parse(String module, String fileName, String content) {
    return ChangesetParser.parse(
        ChangelogFile.of(module, fileName, content.getBytes(StandardCharsets.UTF_8)));
  }

  /// The default settings of the engine.
  public static MigrationConfig defaults() {
    return TestConfig.schema();
  }
}
