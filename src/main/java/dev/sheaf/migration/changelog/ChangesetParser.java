package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import liquibase.ChecksumVersion;
import liquibase.change.AbstractSQLChange;
import liquibase.change.Change;
import liquibase.change.core.EmptyChange;
import liquibase.changelog.ChangeLogParameters;
import liquibase.changelog.ChangeSet;
import liquibase.exception.ChangeLogParseException;
import liquibase.parser.core.formattedsql.FormattedSqlChangeLogParser;
import liquibase.resource.AbstractResource;
import liquibase.resource.AbstractResourceAccessor;
import liquibase.resource.Resource;
import org.jspecify.annotations.Nullable;

/// Reads a changelog file through Liquibase's own parser, so that what stands in the file means
/// what Liquibase's documentation says, and the checksum is the one Liquibase would compute.
public final class ChangesetParser {

  private ChangesetParser() {}

  /// Reads the one changeset of a file.
  ///
  /// @throws OperatorException when the file is not one changeset of formatted SQL
  public static Changeset parse(ChangelogFile file) {
    ChangeSet parsed = changeSet(file);
    refuseWhatIsNotRun(file, parsed);
    return new Changeset(
        file,
        parsed.getId(),
        parsed.getAuthor(),
        parsed.generateCheckSum(ChecksumVersion.latest()).toString(),
        parsed.getComments() == null ? "" : parsed.getComments().strip(),
        parsed.isRunInTransaction(),
        statements(parsed.getChanges()),
        parsed.getRollback().getChanges().isEmpty()
            ? null
            : statements(parsed.getRollback().getChanges()),
        Directives.of(file),
        List.of());
  }

  private static ChangeSet changeSet(ChangelogFile file) {
    List<ChangeSet> changeSets;
    try {
      changeSets =
          new FormattedSqlChangeLogParser()
              .parse(file.path(), new ChangeLogParameters(), new SingleFile(file))
              .getChangeSets();
    } catch (ChangeLogParseException e) {
      throw new OperatorException(
          file.shortPath()
              + " cannot be read: "
              + String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " "),
          "see docs/migrations.md for what a changelog looks like",
          e);
    }
    if (changeSets.size() != 1) {
      throw new OperatorException(
          file.shortPath() + " holds " + changeSets.size() + " changesets",
          "a file is one changeset: --changeset "
              + file.module()
              + ":"
              + ChangelogFile.digits(file.number()));
    }
    return changeSets.getFirst();
  }

  /// What Liquibase offers and this engine doesn't do must not pass in silence.
  private static void refuseWhatIsNotRun(ChangelogFile file, ChangeSet parsed) {
    String attribute =
        parsed.isRunOnChange()
            ? "runOnChange"
            : parsed.isAlwaysRun()
                ? "runAlways"
                : parsed.getPreconditions() != null
                        && !parsed.getPreconditions().getNestedPreconditions().isEmpty()
                    ? "preconditions"
                    : parsed.getContextFilter() != null && !parsed.getContextFilter().isEmpty()
                        ? "context"
                        : parsed.getLabels() != null && !parsed.getLabels().isEmpty()
                            ? "labels"
                            : parsed.isIgnore() ? "ignore" : "";
    if (!attribute.isEmpty()) {
      throw new OperatorException(
          file.shortPath() + " uses " + attribute + ", which is not supported",
          "a changeset runs once, everywhere; a module is what can be switched");
    }
  }

  private static List<String> statements(List<Change> changes) {
    List<String> statements = new ArrayList<>();
    for (Change change : changes) {
      switch (change) {
        case AbstractSQLChange sql -> statements.addAll(SqlScript.split(sql.getSql()));
        case EmptyChange _ -> {}
        default ->
            throw new IllegalStateException("formatted SQL held a " + change.getClass().getName());
      }
    }
    return List.copyOf(statements);
  }

  /// All that Liquibase can see: the file it parses.
  static final class SingleFile extends AbstractResourceAccessor {
    private final ChangelogFile file;

    SingleFile(ChangelogFile file) {
      this.file = file;
    }

    @Override
    public List<Resource> search(String path, boolean recursive) {
      return List.of();
    }

    @Override
    public @Nullable List<Resource> getAll(String path) {
      return path.equals(file.path()) ? List.of(new Text(file)) : null;
    }

    @Override
    public List<String> describeLocations() {
      return List.of(file.path());
    }

    @Override
    public void close() {}
  }

  private static final class Text extends AbstractResource {
    private final ChangelogFile file;

    Text(ChangelogFile file) {
      super(file.path(), URI.create("sheaf:" + file.path()));
      this.file = file;
    }

    @Override
    public InputStream openInputStream() {
      return new ByteArrayInputStream(file.content().getBytes(StandardCharsets.UTF_8));
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
