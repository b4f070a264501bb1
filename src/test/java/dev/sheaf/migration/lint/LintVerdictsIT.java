package dev.sheaf.migration.lint;

import static java.util.function.Predicate.not;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.ChangesetText;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.migration.lint.rule.RuleHarness;
import dev.sheaf.migration.lint.rule.Rules;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Migrations whose effects are documented by PostgreSQL and pgvector. The rules must report
/// exactly the findings that each file expects.
///
/// An ordinary build runs every third, `-Dsheaf.soak.every-migration=true`, as in `make soak`, all.
class LintVerdictsIT {

  private static final Path SET = Path.of("src/test/resources/lint");
  private static final Path DOCUMENTED = Path.of("docs/lint-verdicts.md");
  private static final Path OBSERVED = Path.of("target/lint-verdicts.md");

  private static final int STEP = Boolean.getBoolean("sheaf.soak.every-migration") ? 1 : 3;

  /// The target database of the migrations: one table is large, and pgvector is not the latest
  /// version.
  private static final TargetDatabase PRODUCTION =
      new TargetDatabase(
          Map.of("public.passage", new Size(20L << 30, 10_000_000)),
          Map.of(),
          Map.of("vector", "0.8.0"));

  /// @param expected expected findings: the rule and its object
  /// @param found reported findings, likewise; those that are expected, if it was not run
  private record Verdict(String kind, String name, List<String> expected, List<String> found) {

    long hits() {
      return expected.stream().filter(found::contains).count();
    }

    @Override
    public String toString() {
      return "| [%s](../%s/%s/%s.sql) | %s | %s |"
          .formatted(
              name.replace('_', ' '),
              SET,
              kind,
              name,
              text(expected),
              found.equals(expected) ? "yes" : "**" + text(found) + "**");
    }

    private static String text(List<String> findings) {
      return findings.isEmpty()
          ? "nothing"
          : findings.stream()
              .map(finding -> finding.replaceFirst("^[a-z0-9-]+", "`$0`"))
              .collect(Collectors.joining("<br>"));
    }
  }

  /// Rules about the files, or about rows, not about what the files do.
  private static final Set<String> OF_FILES =
      Set.of("unused-allowance", "changeset-fails", "rows-violate-constraint");

  private static TestDatabase base;

  /// A copy of the base database, which is replaced if a migration has left something in it.
  private static TestDatabase copy;

  @BeforeAll
  static void createBase() throws IOException, SQLException {
    base = TestDatabase.create();
    base.execute(Files.readString(SET.resolve("base.sql")));
    copy = base.copy();
  }

  @AfterAll
  static void dropBase() {
    copy.close();
    base.close();
  }

  @Test
  void everyMigrationIsJudgedAsDocumented() throws IOException {
    List<Path> files = Stream.of("bad", "safe").flatMap(LintVerdictsIT::files).toList();
    List<Verdict> verdicts = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      verdicts.add(verdict(files.get(i), i % STEP == 0));
    }
    String table = table(verdicts);
    Files.writeString(OBSERVED, table);

    assertThat(verdicts.stream().filter(verdict -> !verdict.found().equals(verdict.expected())))
        .as("migrations that are judged otherwise than documented")
        .isEmpty();
    assertThat(
            verdicts.stream()
                .flatMap(verdict -> verdict.found().stream())
                .map(LintVerdictsIT::rule))
        .as("every rule has a migration that it must find")
        .containsAll(Rules.ALL.stream().map(Rule::name).filter(not(OF_FILES::contains)).toList());
    assertThat(DOCUMENTED).as("the same as " + OBSERVED).hasContent(table);
  }

  private static Stream<Path> files(String kind) {
    try (Stream<Path> entries = Files.list(SET.resolve(kind))) {
      return entries.sorted().toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Verdict verdict(Path file, boolean run) {
    try {
      String content = Files.readString(file);
      List<String> expected =
          content
              .lines()
              .filter(line -> line.startsWith("--expect "))
              .map(line -> line.substring("--expect ".length()))
              .sorted()
              .toList();
      return new Verdict(
          String.valueOf(file.getName(SET.getNameCount())),
          file.getFileName().toString().replace(".sql", ""),
          expected,
          run ? found(content) : expected);
    } catch (IOException | SQLException e) {
      throw new IllegalStateException(file.toString(), e);
    }
  }

  private static List<String> found(String content) throws SQLException {
    return Rules.judge(observe(ChangesetText.parse("lint", "001_case.sql", content))).stream()
        .map(LintVerdictsIT::text)
        .distinct()
        .sorted()
        .toList();
  }

  private static Observation observe(Changeset changeset) throws SQLException {
    StatementObserver observer =
        new StatementObserver(
            copy.address(),
            ChangesetText.defaults(),
            Allowances.IN_FILES,
            PRODUCTION,
            RuleHarness.VECTORS);
    Observation observation;
    if (changeset.transactional()) {
      observation = observer.rehearse(changeset);
    } else {
      observation = observer.observe(changeset);
      copy.execute(
          Objects.requireNonNull(changeset.down()).stream()
              .map(SqlStatement::sql)
              .collect(Collectors.joining(";")));
    }
    if (observation.steps().anyMatch(Step::commandsTransaction) || observation.rows().isEmpty()) {
      // The migration could not be rolled back, or the sample rows made it fail.
      renew();
    }
    return observation;
  }

  private static void renew() {
    copy.close();
    copy = base.copy();
  }

  private static String text(Finding finding) {
    return finding.object() == null ? finding.rule() : finding.rule() + " " + finding.object();
  }

  private static String rule(String finding) {
    return finding.replaceFirst(" .*", "");
  }

  private static String table(List<Verdict> verdicts) {
    long expected = verdicts.stream().mapToLong(verdict -> verdict.expected().size()).sum();
    long found = verdicts.stream().mapToLong(verdict -> verdict.found().size()).sum();
    long hits = verdicts.stream().mapToLong(Verdict::hits).sum();
    return """
    # Lint verdicts

    The lint runs each of these migrations. PostgreSQL's and pgvector's documentation says what a migration does, and so
    which findings are correct. `LintVerdictsIT` generates this page and fails if it differs.

    | Migrations | Expected findings | Reported findings | Recall | Precision |
    |---|---|---|---|---|
    | %s bad, %s safe | %s | %s | %s | %s |

    ## Bad migrations: the lint must report these findings and no others

    | Migration | Expected findings | As expected |
    |---|---|---|
    %s

    ## Safe migrations: the lint must report nothing

    | Migration | Expected findings | As expected |
    |---|---|---|
    %s
    """
        .formatted(
            count(verdicts, "bad"),
            count(verdicts, "safe"),
            expected,
            found,
            share(hits, expected),
            share(hits, found),
            rows(verdicts, "bad"),
            rows(verdicts, "safe"));
  }

  private static String share(long hits, long all) {
    return String.format(Locale.ROOT, "%.3f", (double) hits / all);
  }

  private static long count(List<Verdict> verdicts, String kind) {
    return verdicts.stream().filter(verdict -> verdict.kind().equals(kind)).count();
  }

  private static String rows(List<Verdict> verdicts, String kind) {
    return verdicts.stream()
        .filter(verdict -> verdict.kind().equals(kind))
        .map(Verdict::toString)
        .collect(Collectors.joining("\n"));
  }
}
