package dev.sheaf.migration;

import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetParser;
import java.nio.charset.StandardCharsets;

/// Changesets as tests write them.
public final class ChangesetText {

  private ChangesetText() {}

  /// What a file of this name and content is to the engine.
  public static Changeset parse(String module, String fileName, String content) {
    return ChangesetParser.parse(
        ChangelogFile.of(module, fileName, content.getBytes(StandardCharsets.UTF_8)));
  }

  /// The engine's settings, all of them the defaults.
  public static MigrationConfig defaults() {
    return TestConfig.schema();
  }
}
