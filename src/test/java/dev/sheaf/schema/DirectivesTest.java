package dev.sheaf.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirectivesTest {

  @Test
  void readsEveryLine() {
    Directives directives =
        Directives.of(
            file(
                """
                --liquibase formatted sql
                --requires fulltext
                --lock-timeout 250ms
                --statement-timeout 2h
                --destructive the old column goes
                --late refuse

                --changeset core:001
                SELECT 1;
                """));

    assertThat(directives)
        .isEqualTo(
            new Directives(
                List.of("fulltext"),
                Duration.ofMillis(250),
                Duration.ofHours(2),
                "the old column goes",
                true));
  }

  @Test
  void anUnreadableValueIsRefused() {
    assertThatExceptionOfType(SchemaException.class)
        .isThrownBy(() -> Directives.of(file("--lock-timeout soon\n")))
        .withMessage(
            "core/001_a.sql: cannot read \"--lock-timeout soon\" - a duration is 500ms, 10s, 5m or 1h");
  }

  private static ChangelogFile file(String content) {
    return ChangelogFile.of("core", "001_a.sql", content.getBytes(StandardCharsets.UTF_8));
  }
}
