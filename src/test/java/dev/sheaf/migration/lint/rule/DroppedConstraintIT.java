package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DroppedConstraintIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, state text CONSTRAINT document_state_check CHECK (state IN ('new', 'done')));";

  @Test
  void aConstraintThatWasThere() {
    assertThat(findings("ALTER TABLE document DROP CONSTRAINT document_state_check;"))
        .isEqualTo(
            """
            core/002_change.sql:3: error: dropped-constraint: public.document.document_state_check is dropped: CHECK ((state = ANY (ARRAY['new'::text, 'done'::text]))) (ACCESS EXCLUSIVE)
                ALTER TABLE document DROP CONSTRAINT document_state_check
                add its successor first, as NOT VALID, validate it, and drop the old one in the same changeset or later: docs/lint/dropped-constraint.md
            """);
  }

  @Test
  void aConstraintThatIsReplaced() {
    assertThat(
            findings(
                """
                ALTER TABLE document DROP CONSTRAINT document_state_check;
                ALTER TABLE document ADD CONSTRAINT document_state_check CHECK (state IN ('new', 'done', 'failed')) NOT VALID;
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new DroppedConstraint(), GIVEN, changeset);
  }
}
