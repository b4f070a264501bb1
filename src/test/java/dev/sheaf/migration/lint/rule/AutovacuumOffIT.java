package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AutovacuumOffIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aTableThatNobodyCleans() {
    assertThat(findings("ALTER TABLE document SET (autovacuum_enabled = off);"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: autovacuum-off: public.document is no longer vacuumed automatically (SHARE UPDATE EXCLUSIVE)
                ALTER TABLE document SET (autovacuum_enabled = off)
                tune it instead: autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay: docs/lint/autovacuum-off.md
            """);
  }

  @Test
  void aTableThatIsCleanedMore() {
    assertThat(findings("ALTER TABLE document SET (autovacuum_vacuum_scale_factor = 0.01);"))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new AutovacuumOff(), GIVEN, changeset);
  }
}
