package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.OperatorException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ChangesetParserTest {

  @Test
  void readsAChangeset() {
    Changeset changeset =
        parse(
            """
            --liquibase formatted sql

            --changeset core:001 runInTransaction:false
            --comment what it is for
            CREATE TABLE a (b text DEFAULT ';');
            DO $$ BEGIN PERFORM 1; END $$;

            --rollback DROP TABLE a;
            """);

    assertThat(changeset.id()).isEqualTo("001");
    assertThat(changeset.author()).isEqualTo("core");
    assertThat(changeset.comment()).isEqualTo("what it is for");
    assertThat(changeset.transactional()).isFalse();
    assertThat(changeset.up())
        .containsExactly("CREATE TABLE a (b text DEFAULT ';')", "DO $$ BEGIN PERFORM 1; END $$");
    assertThat(changeset.down()).containsExactly("DROP TABLE a");
    assertThat(changeset.checksum()).startsWith("9:");
  }

  @Test
  void noRollbackAndNothingToUndoAreDifferentThings() {
    assertThat(parse("--liquibase formatted sql\n--changeset core:001\nSELECT 1;\n").down())
        .isNull();
    assertThat(
            parse("--liquibase formatted sql\n--changeset core:001\nSELECT 1;\n--rollback empty\n")
                .down())
        .isEmpty();
  }

  @Test
  void whatTheEngineDoesNotDoIsRefused() {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() ->
            parse("--liquibase formatted sql\n--changeset core:001 runAlways:true\nSELECT 1;\n"))
        .withMessageStartingWith("core/001_a.sql uses runAlways, which is not supported");
  }

  @Test
  void aFileIsOneChangeset() {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() ->
            parse(
                "--liquibase formatted sql\n--changeset core:001\nSELECT 1;\n--changeset core:002\nSELECT 2;\n"))
        .withMessageStartingWith("core/001_a.sql holds 2 changesets");
  }

  private static Changeset parse(String content) {
    return ChangesetParser.parse(
        ChangelogFile.of("core", "001_a.sql", content.getBytes(StandardCharsets.UTF_8)));
  }
}
