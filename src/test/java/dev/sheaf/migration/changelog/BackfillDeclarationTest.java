package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.OperatorException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackfillDeclarationTest {

  private static final String WELL_FORMED =
      """
      --liquibase formatted sql

      -- The headline was the title until now.
      --backfill table:document key:collection_id,id
      -- Nothing is written twice.
      UPDATE document
         SET headline = title
       WHERE :batch AND headline IS DISTINCT FROM title::text;

      --condition
      SELECT NOT EXISTS (SELECT FROM document WHERE headline IS DISTINCT FROM title);
      """;

  @Test
  void isReadWhole() {
    assertThat(BackfillDeclaration.of(file(WELL_FORMED)))
        .isEqualTo(
            new BackfillDeclaration(
                "core/007_headline",
                "document",
                List.of("collection_id", "id"),
                """
                UPDATE document
                   SET headline = title
                 WHERE :batch AND headline IS DISTINCT FROM title::text\
                """,
                "SELECT NOT EXISTS (SELECT FROM document WHERE headline IS DISTINCT FROM title)"));
  }

  /// Teams whose tools read the same directory must not run it by accident.
  @Test
  void isNothingToLiquibase() throws Exception {
    assertThat(LiquibaseReading.changeSets(SourceText.of(WELL_FORMED))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --liquibase formatted sql  | -- nothing                           | core/007_headline.backfill.sql: is no backfill - it has the lines --liquibase formatted sql, --backfill table:T key:K1,K2 and --condition
          --condition                | -- nothing                           | core/007_headline.backfill.sql: is no backfill - it has the lines --liquibase formatted sql, --backfill table:T key:K1,K2 and --condition
          key:collection_id,id       | key:"Id                              | core/007_headline.backfill.sql: cannot read "--backfill table:document key:"Id" - it says --backfill table:T key:K1,K2 once, then --condition; a comment begins with "-- "
          table:document key         | key                                  | core/007_headline.backfill.sql: cannot read "--backfill key:collection_id,id" - it says --backfill table:T key:K1,K2 once, then --condition; a comment begins with "-- "
          -- Nothing is              | --batch-size 7                       | core/007_headline.backfill.sql: cannot read "--batch-size 7 written twice." - it says --backfill table:T key:K1,K2 once, then --condition; a comment begins with "-- "
          :batch                     | headline::batch = ''                 | core/007_headline.backfill.sql: its batch statement has no :batch - write WHERE :batch, which stands for the rows of this batch; in a string, a comment or quotes it is text
          :batch                     | title <> $$:batch$$ /* :batch */     | core/007_headline.backfill.sql: its batch statement has no :batch - write WHERE :batch, which stands for the rows of this batch; in a string, a comment or quotes it is text
          SELECT NOT                 | SELECT 1; SELECT NOT                 | core/007_headline.backfill.sql: the condition holds 2 statements - it is exactly one
          SELECT NOT                 | DELETE FROM chunk WHERE NOT          | core/007_headline.backfill.sql: the condition begins with DELETE - it can be SELECT, WITH
          UPDATE document            | TRUNCATE document; UPDATE document   | core/007_headline.backfill.sql: the batch statement holds 2 statements - it is exactly one
          UPDATE document            | ALTER document                       | core/007_headline.backfill.sql: the batch statement begins with ALTER - it can be UPDATE, INSERT, DELETE, MERGE, SELECT, WITH
          """)
  void errorsAreReported(String instead, String of, String message) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> BackfillDeclaration.of(file(WELL_FORMED.replace(instead, of))))
        .withMessage(message);
  }

  @Test
  void namesMayBeQuoted() {
    BackfillDeclaration backfill =
        BackfillDeclaration.of(
            file(
                WELL_FORMED.replace(
                    "table:document key:collection_id,id",
                    "table:App.\"My \"\"Order\" key:Größe,\"Id, old\", \"a\"\"b\"")));

    assertThat(backfill.table()).isEqualTo("App.\"My \"\"Order\"");
    assertThat(backfill.key()).containsExactly("größe", "Id, old", "a\"b");
  }

  @Test
  void thePlaceholderIsTextInQuotesAndComments() {
    String statement =
        """
        UPDATE t SET a = ':batch', b = E'\\':batch', c = $x$:batch$x$, ":batch" = 1, d = x::batch -- :batch
         WHERE :batch AND (/* :batch */:batch) AND e[1]=:batches
        """;

    assertThat(BackfillDeclaration.bind(statement, "(id < 7)"))
        .isEqualTo(
            statement
                .replace("WHERE :batch", "WHERE (id < 7)")
                .replace("*/:batch)", "*/(id < 7))"));
  }

  private static ChangelogFile file(String content) {
    return ChangelogFile.of(
        "core", "007_headline.backfill.sql", content.getBytes(StandardCharsets.UTF_8));
  }
}
