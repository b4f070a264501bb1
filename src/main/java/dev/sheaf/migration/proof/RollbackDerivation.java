package dev.sheaf.migration.proof;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.DerivedRollback;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.catalog.CatalogScript;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.scratch.RowDigests;
import dev.sheaf.migration.scratch.SampleRowTrial;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Derives the rollback of a changeset: runs the changeset on a scratch database, finds the
/// statements that restore the previous catalog, and writes them into the changeset's file.
public final class RollbackDerivation {

  private static final Pattern STUB = Pattern.compile("(?m)^--rollback[ \\t]*$\\R?");
  private static final Pattern HEADER =
      Pattern.compile("(?m)^--changeset .*\\R(?:--comment .*\\R)?");

  private RollbackDerivation() {}

  /// Derives the rollback of a changeset and writes it into its file.
  ///
  /// @param all all changesets, in order
  /// @param changeset one of them, without a rollback
  /// @param file its file
  public static DerivedRollback derive(
      DatabaseAddress server,
      MigrationConfig config,
      List<Changeset> all,
      Changeset changeset,
      Path file)
      throws SQLException {
    int position = all.indexOf(changeset);
    try (SampleRowTrial trial = new SampleRowTrial(server, config, all, position)) {
      SampleRowTrial.Before before = trial.upWithRows(position);
      Connection connection = trial.connection();
      List<CatalogScript.Line> lines =
          CatalogScript.rewind(connection, before.objects(), !changeset.transactional());

      List<String> statements = new ArrayList<>();
      List<String> open = new ArrayList<>();
      for (CatalogScript.Line line : lines) {
        if (line.failure() == null) {
          statements.add(line.sql());
        } else {
          open.add(
              line.sql().isEmpty() ? line.failure() : line.sql() + " fails: " + line.failure());
        }
      }
      CatalogSnapshot now = CatalogSnapshot.of(connection).withoutEngine();
      for (Difference left :
          before.catalog().withoutColumnOrder().differences(now.withoutColumnOrder())) {
        open.add(
            "%s is still %s".formatted(left.object(), left.kind().name().toLowerCase(Locale.ROOT)));
      }
      RowDigests.Changes rows = before.rows().changes(connection);
      rows.added()
          .forEach(table -> open.add("rows that were added to " + table + " are still there"));
      List<String> losses = new ArrayList<>();
      if (!rows.lost().isEmpty()) {
        losses.add(
            "data that was dropped or overwritten in "
                + String.join(", ", rows.lost())
                + " is not restored");
      }
      if (open.isEmpty()) {
        rejection(trial, before, changeset, statements)
            .ifPresent(why -> losses.add("rows that were written since can prevent it: " + why));
      }
      @Nullable String lossy = losses.isEmpty() ? null : String.join("; ", losses);
      Path written = write(changeset.file(), file, statements, lossy, open);
      return new DerivedRollback(written, statements, lossy, open);
    }
  }

  /// Why the rollback fails on rows that were written after the changeset; empty if it does not.
  private static Optional<String> rejection(
      SampleRowTrial trial,
      SampleRowTrial.Before before,
      Changeset changeset,
      List<String> statements)
      throws SQLException {
    try {
      trial.up(changeset);
    } catch (OperatorException _) {
      // Rows that the rollback did not restore can prevent it; then the rollback is lossy anyway.
      return Optional.empty();
    }
    return trial.downAfterMoreRows(
        before, statements.stream().flatMap(sql -> SqlStatement.of(sql).stream()).toList());
  }

  /// @return the file that the rollback was written into
  private static Path write(
      ChangelogFile changelog,
      Path file,
      List<String> statements,
      @Nullable String lossy,
      List<String> open) {
    try {
      return switch (changelog.form()) {
        case LIQUIBASE -> writeComments(file, statements, lossy, open);
        case GOOSE -> append(file, "-- +goose Down", sql(statements, lossy, open, true));
        case DBMATE -> append(file, "-- migrate:down", sql(statements, lossy, open, false));
        case REPEATABLE -> throw new IllegalStateException("it drops what it creates");
        case PAIR, PLAIN, FLYWAY -> {
          Path other = file.resolveSibling(changelog.rollbackName());
          Files.writeString(other, sql(statements, lossy, open, false));
          yield other;
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path append(Path file, String annotation, String sql) throws IOException {
    String content = Files.readString(file).stripTrailing();
    boolean isThere = content.lines().anyMatch(line -> line.strip().equalsIgnoreCase(annotation));
    Files.writeString(file, content + (isThere ? "\n" : "\n\n" + annotation + "\n") + sql);
    return file;
  }

  /// @param marked whether statements with semicolons in them are marked, as goose needs it
  private static String sql(
      List<String> statements, @Nullable String lossy, List<String> open, boolean marked) {
    StringBuilder text = new StringBuilder();
    if (lossy != null) {
      text.append("--lossy-rollback ").append(lossy).append('\n');
    }
    for (String statement : statements) {
      boolean mark = marked && statement.contains(";");
      text.append(mark ? "-- +goose StatementBegin\n" : "")
          .append(statement)
          .append(";\n")
          .append(mark ? "-- +goose StatementEnd\n" : "");
    }
    for (String missing : open) {
      text.append("-- to be completed: ").append(missing.replaceAll("\\s+", " ")).append('\n');
    }
    if (statements.isEmpty() && open.isEmpty()) {
      text.append("-- nothing to undo: it leaves the catalog as it was\n");
    }
    return text.toString();
  }

  private static Path writeComments(
      Path file, List<String> statements, @Nullable String lossy, List<String> open)
      throws IOException {
    String content = STUB.matcher(Files.readString(file)).replaceAll("").stripTrailing() + "\n\n";
    if (lossy != null) {
      Matcher header = HEADER.matcher(content);
      if (header.find()) {
        content =
            content.substring(0, header.end())
                + "--lossy-rollback "
                + lossy
                + "\n"
                + content.substring(header.end());
      }
    }
    StringBuilder text = new StringBuilder(content);
    for (String statement : statements) {
      text.append("--rollback ")
          .append((statement + ";").replace("\n", "\n--rollback "))
          .append('\n');
    }
    for (String missing : open) {
      text.append("--rollback -- to be completed: ")
          .append(missing.replaceAll("\\s+", " "))
          .append('\n');
    }
    if (statements.isEmpty() && open.isEmpty()) {
      text.append("--rollback empty because it leaves the catalog as it was\n");
    }
    Files.writeString(file, text);
    return file;
  }
}
