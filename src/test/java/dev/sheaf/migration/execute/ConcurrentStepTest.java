package dev.sheaf.migration.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.changelog.SqlStatement;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConcurrentStepTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          CREATE INDEX CONCURRENTLY i ON t (v)                                | CreateIndex[index=i, table=t]
          create unique index concurrently if not exists i on only a.t(v)     | CreateIndex[index=i, table=a.t]
          CREATE INDEX CONCURRENTLY IF NOT EXISTS"a--b"ON"x /* y"."t"(v)       | CreateIndex[index="a--b", table="x /* y"."t"]
          CREATE /* a /* b */ c */ INDEX CONCURRENTLY i ON db.a.t USING hash (v) | CreateIndex[index=i, table=db.a.t]
          CREATE INDEX CONCURRENTLY on$x ON onlyx (v)                         | CreateIndex[index=on$x, table=onlyx]
          CREATE INDEX CONCURRENTLY größe_😀 ON größe (v)                      | CreateIndex[index=größe_😀, table=größe]
          CREATE INDEX CONCURRENTLY ON ONLY (t) (v)                           | CreateIndex[index=null, table=t]
          CREATE INDEX i ON concurrently (v)                                  | Other[]
          DROP INDEX CONCURRENTLY IF EXISTS a."i--j" CASCADE                  | DropIndex[index=a."i--j"]
          DROP INDEX concurrently_i                                           | Other[]
          REINDEX TABLE CONCURRENTLY a.t                                      | Reindex[kind=TABLE, name=a.t]
          REINDEX (VERBOSE, CONCURRENTLY) INDEX"i"                            | Reindex[kind=INDEX, name="i"]
          reindex (verbose) schema concurrently a                             | Reindex[kind=SCHEMA, name=a]
          REINDEX (CONCURRENTLY) DATABASE                                     | Reindex[kind=DATABASE, name=null]
          REINDEX (CONCURRENTLY false) TABLE t                                | Other[]
          REINDEX TABLE concurrently_t                                        | Other[]
          ALTER TABLE p DETACH PARTITION q CONCURRENTLY                       | Detach[parent=p, partition=q]
          ALTER TABLE IF EXISTS ONLY a.p DETACH PARTITION"q--r"CONCURRENTLY   | Detach[parent=a.p, partition="q--r"]
          ALTER TABLE p DETACH PARTITION q                                    | Other[]
          """)
  void namesAreThoseOfTheStatement(String sql, String step) {
    assertThat(ConcurrentStep.of(SqlStatement.of(sql).getFirst())).hasToString(step);
  }
}
