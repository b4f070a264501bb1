package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.migration.ChangesetText;
import dev.sheaf.migration.changelog.Directives.Allowance;
import dev.sheaf.migration.changelog.Directives.Replaced;
import dev.sheaf.runtime.OperatorException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DirectivesTest {

  @Test
  void readsEveryLine() {
    Changeset changeset =
        ChangesetText.parse(
            "access",
            "001_a.sql",
            """
            --liquibase formatted sql
            --requires fulltext
            --opt-in it needs other servers
            --lock-timeout 250ms
            --statement-timeout 2h
            --destructive the old column goes
            --late refuse
            --lossy-rollback the old values are gone
            --requires-backfill core/008_language
            --tolerates 1.4
            --allow table-rewrite public.document: it is empty
            --allow missing-comment: generated
            --replaces access/001_squashed 9:0123456789abcdef0123456789abcdef
            --replaces access/001_a 8:00000000000000000000000000000000 in access/001_squashed

            --changeset access:001
            SELECT 1;
            --rollback empty because it is a test
            """);

    assertThat(changeset.problems()).isEmpty();
    assertThat(changeset.directives())
        .isEqualTo(
            new Directives(
                List.of("fulltext"),
                "it needs other servers",
                Duration.ofMillis(250),
                Duration.ofHours(2),
                "the old column goes",
                true,
                "the old values are gone",
                List.of("core/008_language"),
                "1.4",
                List.of(
                    new Replaced("access/001_squashed", "9:0123456789abcdef0123456789abcdef", null),
                    new Replaced(
                        "access/001_a",
                        "8:00000000000000000000000000000000",
                        "access/001_squashed")),
                List.of(
                    new Allowance("table-rewrite", "public.document", "it is empty", 11),
                    new Allowance("missing-comment", null, "generated", 12))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --lock-timeout soon  | a duration is 500ms, 10s, 5m or 1h
          --late never         | it can say --late refuse
          --lossy-rollback     | it says --lossy-rollback WHY
          --replaces core/001_a | sheaf migrate squash writes it: --replaces MODULE/NNN_NAME CHECKSUM
          --replaces core/001_a 9:0123456789abcdef0123456789abcdef in core/002_b | name core/002_b first, in a line above
          --tolerates next     | it names a version, such as --tolerates 1.4
          --allow dropped-table | it says --allow RULE: WHY, or --allow RULE OBJECT: WHY
          """)
  void anUnreadableValueIsRefused(String line, String hint) {
    Changeset changeset =
        ChangesetText.parse(
            "core",
            "001_a.sql",
            "--liquibase formatted sql\n%s\n--changeset core:001\nSELECT 1;\n--rollback empty because it is a test\n"
                .formatted(line));

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(changeset::requireRunnable)
        .withMessage("core/001_a.sql:2:1: cannot read \"" + line + "\" - " + hint);
  }
}
