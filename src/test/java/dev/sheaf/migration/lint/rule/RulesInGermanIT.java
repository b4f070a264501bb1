package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.testing.GermanPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Rules judge by what PostgreSQL did, in whatever language it says so.
@EnabledIf(value = GermanPostgres.IS_SPOKEN, disabledReason = GermanPostgres.REASON)
class RulesInGermanIT {

  private static final String LONG =
      "number_of_times_that_somebody_has_read_it_from_beginning_to_the_end";

  @Test
  void aNameThatIsCutIsAllowedByItsName() {
    String change =
        "ALTER TABLE document ADD COLUMN "
            + LONG
            + " bigint; COMMENT ON COLUMN document."
            + LONG
            + " IS 'x';";
    String given =
        "CREATE TABLE document (id bigint PRIMARY KEY); COMMENT ON TABLE document IS 'x';";

    assertThat(rules(given, change)).contains("long-identifier");
    assertThat(rules(given, "--allow long-identifier " + LONG + ": a test\n" + change))
        .doesNotContain("long-identifier", "unused-allowance");
  }

  @Test
  void vectorsThatAreWiderThanTheirIndexTakes() {
    assertThat(
            rules(
                "CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(2001));",
                "CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);"))
        .contains("vector-width-over-index-limit")
        .doesNotContain("changeset-fails");
  }

  @Test
  void clustersOfNothing() {
    assertThat(
            rules(
                "",
                """
                CREATE TABLE document (id bigint PRIMARY KEY, embedding vector(384));
                CREATE INDEX document_embedding_idx ON document USING ivfflat (embedding vector_cosine_ops);
                """))
        .contains("ivfflat-on-empty-table");
  }

  private static java.util.List<String> rules(String given, String changeset) {
    return Rules.judge(RuleHarness.observeInGerman(given, changeset)).stream()
        .map(Finding::rule)
        .toList();
  }
}
