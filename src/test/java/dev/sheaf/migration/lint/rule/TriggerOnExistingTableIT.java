package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TriggerOnExistingTableIT {

  private static final String GIVEN =
      """
      CREATE TABLE document (id integer PRIMARY KEY, title text, size integer);
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
      """;

  @Test
  void onATableInUse() {
    assertThat(
            findings(
                """
                CREATE TRIGGER document_touch BEFORE UPDATE ON document FOR EACH ROW EXECUTE FUNCTION touch();
                """))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: trigger-on-existing-table: every write to public.document executes a trigger from now on (SHARE ROW EXCLUSIVE)
                CREATE TRIGGER document_touch BEFORE UPDATE ON document FOR EACH ROW EXECUTE FUNCTION touch()
                prefer application code, or keep the trigger to one short statement; drop it in the contract step: docs/lint/trigger-on-existing-table.md
            """);
  }

  @Test
  void onANewTable() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer);
                CREATE TRIGGER page_touch BEFORE UPDATE ON page FOR EACH ROW EXECUTE FUNCTION touch();
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new TriggerOnExistingTable(), GIVEN, changeset);
  }
}
