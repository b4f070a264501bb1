package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimestampWithoutTimeZoneIT {

  private static final String GIVEN =
      "CREATE TABLE document (id bigint PRIMARY KEY, title text NOT NULL, note text);";

  @Test
  void aPointInTime() {
    assertThat(findings("ALTER TABLE document ADD COLUMN seen_at timestamp;"))
        .isEqualTo(
            """
            core/002_change.sql:3: warning: timestamp-without-time-zone: public.document.seen_at is timestamp without time zone
                ALTER TABLE document ADD COLUMN seen_at timestamp
                use timestamptz, which has the same size and means one point in time: docs/lint/timestamp-without-time-zone.md
            """);
  }

  @Test
  void aMoment() {
    assertThat(findings("ALTER TABLE document ADD COLUMN seen_at timestamptz;")).isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(new TimestampWithoutTimeZone(), GIVEN, changeset);
  }
}
