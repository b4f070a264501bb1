package dev.sheaf.cli;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.ChangelogCheck;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Lint;
import dev.sheaf.migration.lint.Sarif;
import dev.sheaf.migration.lint.Severity;
import dev.sheaf.migration.proof.SchemaFile;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate check`
@Command(
    name = "check",
    description = {
      "Check that the changelogs are well-formed. Then run the pending changesets on a scratch database"
          + " and report what they would do to a database in use: locks, rewrites, data loss.",
      "Without a database, only the form is checked."
    },
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {

  private static final String STDOUT = "-";

  @Mixin private Common common = new Common();

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "Check only this changeset, applied or not.")
  private @Nullable Path file;

  @Option(names = "--all", description = "Check every changeset, applied or not.")
  private boolean all;

  @Option(
      names = "--scratch",
      paramLabel = "URL",
      converter = UrlArgument.class,
      description =
          "The server to create scratch databases on. Default: the server of the configured database.")
  private @Nullable String scratch;

  @Option(
      names = "--against",
      paramLabel = "URL",
      converter = UrlArgument.class,
      description =
          "A database in use: report the sizes of its tables, and count the rows that violate new"
              + " constraints.")
  private @Nullable String against;

  @Option(names = "--strict", description = "Fail on warnings too.")
  private boolean strict;

  @Option(
      names = "--sarif",
      arity = "0..1",
      fallbackValue = STDOUT,
      paramLabel = "FILE",
      description = "Print the findings as SARIF 2.1.0, or write them to FILE.")
  private @Nullable String sarif;

  @Option(
      names = "--snapshot",
      paramLabel = "FILE",
      description =
          "The file that sheaf migrate snapshot wrote. Default: schema.sql beside the directory of changelogs, if"
              + " there is one.")
  private @Nullable Path snapshot;

  @Override
  public Integer call() {
    Output output = common.output();
    List<ChangelogCheck.Finding> form =
        common.directory().map(ChangelogCheck::of).orElse(List.of());
    if (!form.isEmpty()) {
      List<Finding> findings = form.stream().map(Finding::ofForm).toList();
      print(output, findings, form.stream().map(ChangelogCheck.Finding::toString).toList());
      output.say(Output.count(form.size(), "finding"));
      return ExitCode.FAILED;
    }
    MigrationConfig config = common.schema();
    @Nullable DatabaseAddress database = null;
    String reason = "no database is configured";
    try {
      database = common.databaseIfConfigured().orElse(null);
      if (database != null) {
        database.probe();
      }
    } catch (OperatorException e) {
      database = null;
      reason = e.problem();
    }
    DatabaseAddress server =
        Optional.ofNullable(scratch)
            .or(config::scratchUrl)
            .map(DatabaseAddress::parse)
            .orElse(database);
    if (server == null) {
      print(output, List.of(), List.of());
      sayWithoutRollback(output, ChangesetSelection.all(common.changelogs()).chosen());
      output.say("well-formed; not run: " + reason);
      return ExitCode.DONE;
    }
    Changelogs changelogs = common.changelogs();
    Lint lint =
        new Lint(
            changelogs,
            server,
            config,
            against == null ? null : common.database(against),
            common.vectors());
    List<Finding> stale = file == null ? stale(changelogs, server, config) : List.of();
    return observe(output, lint, selection(changelogs, database), stale);
  }

  /// How the committed schema differs from that of the changelogs.
  private List<Finding> stale(
      Changelogs changelogs, DatabaseAddress server, MigrationConfig config) {
    Path committed = snapshot == null ? common.schemaFile() : snapshot;
    if (snapshot == null && !SchemaFile.isWritten(committed)) {
      return List.of();
    }
    try {
      return new SchemaFile(server, config)
          .differences(ChangesetSelection.schema(changelogs), committed).stream()
              .map(difference -> Finding.ofSnapshot(committed, difference))
              .toList();
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "comparing " + committed, e);
    }
  }

  private ChangesetSelection selection(Changelogs changelogs, @Nullable DatabaseAddress database) {
    if (file != null) {
      return ChangesetSelection.of(changelogs, file);
    }
    return all || database == null
        ? ChangesetSelection.all(changelogs)
        : ChangesetSelection.pending(changelogs, common.modules(), database);
  }

  private int observe(Output output, Lint lint, ChangesetSelection selection, List<Finding> stale) {
    if (selection.chosen().isEmpty()) {
      print(output, stale, stale.stream().map(Finding::toString).toList());
      output.say("well-formed; nothing is pending");
      return stale.isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
    }
    Lint.Report report = lint.check(selection, output::say);
    List<Finding> findings = Stream.concat(report.findings().stream(), stale.stream()).toList();
    print(output, findings, findings.stream().map(Finding::toString).toList());
    report.notes().forEach(output::say);
    sayWithoutRollback(output, selection.chosen());
    long errors = findings.stream().filter(f -> f.severity() == Severity.ERROR).count();
    output.say(
        "%s checked: %s, %s"
            .formatted(
                Output.count(report.observed(), "changeset"),
                Output.count((int) errors, "error"),
                Output.count(findings.size() - (int) errors, "warning")));
    return errors > 0 || (strict && !findings.isEmpty()) ? ExitCode.FAILED : ExitCode.DONE;
  }

  private static void sayWithoutRollback(Output output, List<Changeset> changesets) {
    String note = Changeset.withoutRollback(changesets);
    if (!note.isEmpty()) {
      output.say(note);
    }
  }

  /// As JSON or SARIF, or as the given lines.
  private void print(Output output, List<Finding> findings, List<String> lines) {
    if (sarif != null && !sarif.equals(STDOUT)) {
      try {
        Files.writeString(Path.of(sarif), Json.pretty(Sarif.of(findings, common.sources())));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    if (STDOUT.equals(sarif)) {
      output.json(Sarif.of(findings, common.sources()));
    } else if (output.isJson()) {
      output.json(findings);
    } else {
      lines.forEach(output::data);
    }
  }
}
