package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockingSessionTest {

  private static final Instant SINCE = Instant.parse("2026-11-29T22:31:04.567Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "UPDATE orders SET state = 'secret'|UPDATE orders SET state =",
        "SELECT E'secret'|SELECT",
        "SELECT e'it\\'s secret'|SELECT",
        "SELECT U&'secret'|SELECT U&",
        "SELECT x'5ec2e7'|SELECT",
        "SELECT $$secret$$|SELECT",
        "SELECT $1|SELECT",
        "SELECT 4711|SELECT",
        "SELECT .5|SELECT .",
        "SELECT -4711|SELECT -",
        "DELETE FROM t4711 WHERE a$b = 'secret'|DELETE FROM t4711 WHERE a$b =",
        "SELECT \"it's\" FROM \"t 4711\" WHERE x = 'secret'|SELECT \"it's\" FROM \"t 4711\" WHERE x"
            + " =",
        "SELECT \"unterminated|SELECT",
        "`/* secret */ -- secret\nVACUUM t`|VACUUM t",
        "/* secret|``",
        "SELECT a -- secret|SELECT a",
        "SELECT a /* secret */ FROM t|SELECT a",
        "näme = 'secret'|näme =",
        "''|``",
      })
  void aStatementIsCutBeforeItsFirstLiteral(String query, String words) {
    assertThat(BlockingSession.words(query)).isEqualTo(words);
  }

  @Test
  void aLongStatementWithControlCharactersIsOneShortLine() {
    assertThat(BlockingSession.words("SELECT\n\t\u001b " + "a, ".repeat(100_000)))
        .startsWith("SELECT a, a, ")
        .endsWith("...")
        .hasSize(80);
  }

  @Test
  void processesOfTheServerAreNamed() {
    assertThat(
            BlockingSession.describe(
                List.of(
                    new BlockingSession(
                        12,
                        "autovacuum worker",
                        null,
                        "active",
                        SINCE,
                        false,
                        "autovacuum: VACUUM public.orders (to prevent wraparound)"),
                    new BlockingSession(
                        0, "prepared transaction 'pay 7'", null, null, null, false, null),
                    new BlockingSession(13, "", "ann", null, null, false, null),
                    new BlockingSession(14, "x", null, null, null, true, null))))
        .isEqualTo(
            "autovacuum to prevent wraparound, backend 12, active since 2026-11-29T22:31:04Z:"
                + " autovacuum: VACUUM public.orders (to prevent wraparound); and by prepared"
                + " transaction 'pay 7'; and by backend 13, role ann; and by 1 more");
  }
}
