package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReplicaIdentityLostIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void noIdentity() {
    assertThat(findings("ALTER TABLE document REPLICA IDENTITY NOTHING;"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: replica-identity-lost: public.document no longer has a replica identity (ACCESS EXCLUSIVE)
                ALTER TABLE document REPLICA IDENTITY NOTHING
                first set REPLICA IDENTITY USING INDEX to another unique index, or to FULL if there is none: docs/lint/replica-identity-lost.md
            """);
  }

  @Test
  void anotherIdentity() {
    assertThat(findings("ALTER TABLE document REPLICA IDENTITY FULL;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new ReplicaIdentityLost(), GIVEN, changeset);
  }
}
