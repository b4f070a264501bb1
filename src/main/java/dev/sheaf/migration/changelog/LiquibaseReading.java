package dev.sheaf.migration.changelog;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import liquibase.ChecksumVersion;
import liquibase.changelog.ChangeLogParameters;
import liquibase.changelog.ChangeSet;
import liquibase.exception.LiquibaseException;
import liquibase.parser.core.formattedsql.FormattedSqlChangeLogParser;
import liquibase.resource.AbstractResource;
import liquibase.resource.AbstractResourceAccessor;
import liquibase.resource.Resource;
import org.jspecify.annotations.Nullable;

/// How Liquibase's own parser reads a changelog: line by line, whatever the line stands in, and
/// with the environment put in the place of `${...}`.
///
/// Versions of the engine before [ChangelogReader] read files so, and recorded the checksum of what
/// they read. A changelog that was written for Liquibase is read so when it is converted.
final class LiquibaseReading {

  private LiquibaseReading() {}

  /// The checksum of a file's one changeset; empty when Liquibase cannot read it, or finds more
  /// than one.
  static Optional<String> checksum(SourceText text) {
    try {
      List<ChangeSet> changeSets = changeSets(text);
      return changeSets.size() == 1
          ? Optional.of(changeSets.getFirst().generateCheckSum(ChecksumVersion.latest()).toString())
          : Optional.empty();
    } catch (LiquibaseException _) {
      return Optional.empty();
    }
  }

  /// What Liquibase takes for changesets.
  static List<ChangeSet> changeSets(SourceText text) throws LiquibaseException {
    return new FormattedSqlChangeLogParser()
        .parse(OneFile.PATH, new ChangeLogParameters(), new OneFile(text))
        .getChangeSets();
  }

  /// Whether a changeset has a logical path, by which the history knows it.
  static boolean isNamed(ChangeSet changeSet) {
    return !changeSet.getFilePath().equals(OneFile.PATH);
  }

  /// All that Liquibase can see: the file it parses.
  private static final class OneFile extends AbstractResourceAccessor {
    private static final String PATH = "changelog.sql";

    private final SourceText text;

    OneFile(SourceText text) {
      this.text = text;
    }

    @Override
    public List<Resource> search(String path, boolean recursive) {
      return List.of();
    }

    @Override
    public @Nullable List<Resource> getAll(String path) {
      return path.equals(PATH) ? List.of(new Content(text)) : null;
    }

    @Override
    public List<String> describeLocations() {
      return List.of(PATH);
    }

    @Override
    public void close() {}
  }

  private static final class Content extends AbstractResource {
    private final SourceText text;

    Content(SourceText text) {
      super(OneFile.PATH, URI.create("sheaf:" + OneFile.PATH));
      this.text = text;
    }

    /// What is no UTF-8 was read as U+FFFD.
    @Override
    public InputStream openInputStream() {
      return new ByteArrayInputStream(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean exists() {
      return true;
    }

    @Override
    public Resource resolve(String other) {
      throw new UnsupportedOperationException(other);
    }

    @Override
    public Resource resolveSibling(String other) {
      throw new UnsupportedOperationException(other);
    }
  }
}
