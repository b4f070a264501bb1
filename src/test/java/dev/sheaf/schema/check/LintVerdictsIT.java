package dev.sheaf.schema.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.schema.ChangesetText;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Migrations of which the documentation of PostgreSQL and pgvector says what they do, judged by
/// all rules: each finding that a file expects has to come, and no other.
class LintVerdictsIT {

  private static final Path SET = Path.of("src/test/resources/lint");
  private static final Path DOCUMENTED = Path.of("docs/lint/verdicts.md");
  private static final Path OBSERVED = Path.of("target/lint-verdicts.md");

  /// The database that the migrations are meant for: one table is large, pgvector is not the
  /// newest.
  private static final Live PRODUCTION =
      new Live(
          Map.of("public.passage", new Size(20L << 30, 10_000_000)),
          Map.of(),
          Map.of("vector", "0.8.0"));

  private static final Vectors VECTORS =
      new Vectors(
          Set.of(384),
          Set.of(
              "vector_cosine_ops",
              "vector_l2_ops",
              "vector_ip_ops",
              "halfvec_cosine_ops",
              "halfvec_l2_ops",
              "halfvec_ip_ops",
              "bit_hamming_ops"));

  /// @param expected each a rule, and the object that it names
  /// @param found the same
  private record Verdict(String kind, String name, List<String> expected, List<String> found) {

    long hits() {
      return expected.stream().filter(found::contains).count();
    }

    @Override
    public String toString() {
      return "| [%s](../../%s/%s/%s.sql) | %s | %s |"
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

  @Test
  void everyMigrationIsJudgedAsDocumented() throws IOException, SQLException {
    List<Verdict> verdicts;
    try (TestDatabase base = TestDatabase.create()) {
      base.execute(Files.readString(SET.resolve("base.sql")));
      verdicts = Stream.concat(judge(base, "bad"), judge(base, "safe")).toList();
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
        .containsAll(
            Rules.ALL.stream().map(Rule::name).filter(Predicate.not(UNTESTED::contains)).toList());
    assertThat(DOCUMENTED).as("the same as " + OBSERVED).hasContent(table);
  }

  /// About the files rather than about what they do.
  private static final Set<String> UNTESTED = Set.of("unused-allowance", "changeset-fails");

  private static Stream<Verdict> judge(TestDatabase base, String kind) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(SET.resolve(kind))) {
      files = entries.sorted().toList();
    }
    return files.stream().map(file -> verdict(base, kind, file));
  }

  private static Verdict verdict(TestDatabase base, String kind, Path file) {
    try (TestDatabase copy = copy(base)) {
      String content = Files.readString(file);
      Observation observation =
          new Observer(
                  copy.address(),
                  ChangesetText.defaults(),
                  Allowances.IN_FILES,
                  PRODUCTION,
                  VECTORS)
              .observe(ChangesetText.parse("lint", "001_case.sql", content));
      return new Verdict(
          kind,
          file.getFileName().toString().replace(".sql", ""),
          content
              .lines()
              .filter(line -> line.startsWith("--expect "))
              .map(line -> line.substring("--expect ".length()))
              .sorted()
              .toList(),
          Rules.judge(observation).stream().map(LintVerdictsIT::text).distinct().sorted().toList());
    } catch (IOException | SQLException e) {
      throw new IllegalStateException(file.toString(), e);
    }
  }

  private static TestDatabase copy(TestDatabase base) throws SQLException {
    String name = TestDatabase.freshName();
    try (Connection connection = TestDatabase.server().open("sheaf test");
        Statement create = connection.createStatement()) {
      create.execute("CREATE DATABASE " + name + " TEMPLATE " + base.address().database());
    }
    return TestDatabase.opened(name);
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
    # Verdicts

    What the documentation of PostgreSQL and pgvector says that a migration does, and what the lint finds when it
    watches it. `LintVerdictsIT` runs them all and compares this page.

    | Migrations | Findings that must come | Found | Recall | Precision |
    |---|---|---|---|---|
    | %d bad, %d safe | %d | %d | %.3f | %.3f |

    ## Bad: each finding has to come, and no other

    | Migration | Must find | Found |
    |---|---|---|
    %s

    ## Safe: nothing may be found

    | Migration | Must find | Found |
    |---|---|---|
    %s
    """
        .formatted(
            count(verdicts, "bad"),
            count(verdicts, "safe"),
            expected,
            found,
            (double) hits / expected,
            (double) hits / found,
            rows(verdicts, "bad"),
            rows(verdicts, "safe"));
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
