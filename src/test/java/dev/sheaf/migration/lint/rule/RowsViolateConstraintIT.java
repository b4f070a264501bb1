package dev.sheaf.migration.lint.rule;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.lint.TargetDatabase;
import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The target database has rows. They are counted by hand-written SQL too, and the statement is
/// tried on them.
class RowsViolateConstraintIT {

  private static final String GIVEN =
      """
      CREATE TABLE customer (id integer PRIMARY KEY, region integer, UNIQUE (id, region));
      CREATE TABLE "Odd ""orders" (id bigint, "the customer" integer, region integer, code text,
                                   price numeric, size integer);
      CREATE TABLE event (at date, what text) PARTITION BY RANGE (at);
      CREATE EXTENSION IF NOT EXISTS btree_gist;
      CREATE TABLE booking (room integer, during daterange, place point, cancelled boolean);
      CREATE TABLE raw (code text, "n o" text NOT NULL, flags text);
      CREATE TABLE raw_more () INHERITS (raw);
      CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      """;

  private static final String ROWS =
      """
      INSERT INTO customer SELECT i, i % 3 FROM generate_series(1, 20) i;
      INSERT INTO "Odd ""orders"
      SELECT CASE WHEN i = 77 THEN 3000000000 ELSE i END, nullif(i % 24, 0), nullif(i % 4, 3),
             CASE WHEN i % 10 = 0 THEN NULL WHEN i % 7 = 0 THEN 'Same   ' ELSE 'c' || i END,
             i * 1.5, i % 12
        FROM generate_series(1, 100) i;
      INSERT INTO event SELECT '2026-01-01'::date + i, nullif('e' || i % 5, 'e0')
        FROM generate_series(0, 29) i;
      INSERT INTO booking
      SELECT nullif(i % 7, 3), daterange('2026-01-01'::date + i, '2026-01-01'::date + i + i % 9), point(i % 17, 0), i % 5 = 0
        FROM generate_series(1, 60) i;
      INSERT INTO booking SELECT * FROM booking WHERE room = 5 AND cancelled;
      INSERT INTO raw SELECT CASE i % 50 WHEN 7 THEN 'x' || i WHEN 8 THEN NULL ELSE i::text END, i, '0' || i % 2
        FROM generate_series(1, 400) i;
      INSERT INTO raw_more SELECT CASE i WHEN 3 THEN '1,000' ELSE i::text END, CASE i WHEN 9 THEN '' ELSE 'n' || i END, '1'
        FROM generate_series(1, 10) i;
      """;

  private static final String LATER =
      "ALTER TABLE \"Odd \"\"orders\" ADD CONSTRAINT later CHECK (size < 10) NOT VALID;";

  private static final Pattern COUNT =
      Pattern.compile("sql:(\\d+): error: rows-violate-constraint: (\\d+) rows? of ");

  private static TestDatabase live;

  @BeforeAll
  static void createLive() throws SQLException {
    live = TestDatabase.create();
    live.execute(GIVEN + ROWS + LATER);
  }

  @AfterAll
  static void dropLive() {
    live.close();
  }

  /// Statements of one changeset, and what counts the rows that make each of them fail.
  private static final List<Map.Entry<String, String>> STATEMENTS =
      Stream.concat(
              Stream.of(
                      "ALTER COLUMN id TYPE integer|id = 3000000000",
                      "ALTER COLUMN size TYPE smallint|false",
                      "ALTER COLUMN code TYPE varchar(3)|length(rtrim(code)) > 3",
                      "ALTER COLUMN code TYPE varchar(4)|length(rtrim(code)) > 4",
                      "ALTER COLUMN price TYPE numeric(4, 2)|price >= 99.995",
                      "ALTER COLUMN price TYPE numeric(2, -1)|price >= 995",
                      "ALTER COLUMN price TYPE smallint|false",
                      "ALTER COLUMN code SET NOT NULL|code IS NULL",
                      "ALTER COLUMN id SET NOT NULL|id IS NULL",
                      "ADD CONSTRAINT c CHECK (price > 10 AND size < 11)|NOT (price > 10 AND size <"
                          + " 11)",
                      "ADD CHECK (\"the customer\" <> 5)|\"the customer\" = 5",
                      "ADD CHECK (length(code) > 1)|length(code) <= 1",
                      "VALIDATE CONSTRAINT later|size >= 10",
                      "ADD UNIQUE (code)|code = 'Same   '",
                      "ADD UNIQUE (\"the customer\", region)|(\"the customer\", region) IN (SELECT"
                          + " \"the customer\", region FROM \"Odd \"\"orders\" GROUP BY 1, 2 HAVING"
                          + " count(*) > 1)",
                      "ADD PRIMARY KEY (id)|false",
                      "ADD FOREIGN KEY (\"the customer\") REFERENCES customer|\"the customer\" >"
                          + " 20",
                      "ADD FOREIGN KEY (\"the customer\", region) REFERENCES customer (id,"
                          + " region)|\"the customer\" IS NOT NULL AND region IS NOT NULL AND"
                          + " (\"the customer\" > 20 OR region <> \"the customer\" % 3)",
                      "ADD FOREIGN KEY (\"the customer\", region) REFERENCES customer (id, region)"
                          + " MATCH FULL|(\"the customer\" IS NULL) <> (region IS NULL) OR \"the"
                          + " customer\" > 20 OR region <> \"the customer\" % 3",
                      "ADD COLUMN extra integer CHECK (extra > 0)|false")
                  .map(action ->
                      "ALTER TABLE \"Odd \"\"orders\" "
                          + action.replace("|", "|SELECT count(*) FROM \"Odd \"\"orders\" WHERE ")),
              Stream.of(
                  "CREATE UNIQUE INDEX k ON \"Odd \"\"orders\" (lower(code)) WHERE size < 8|SELECT"
                      + " count(*) FROM \"Odd \"\"orders\" WHERE code = 'Same   ' AND size < 8",
                  "CREATE UNIQUE INDEX l ON \"Odd \"\"orders\" (code) NULLS NOT DISTINCT|SELECT"
                      + " count(*) FROM \"Odd \"\"orders\" WHERE code = 'Same   ' OR code IS NULL",
                  "ALTER TABLE event ALTER COLUMN what SET NOT NULL|SELECT count(*) FROM event"
                      + " WHERE what IS NULL",
                  "ALTER TABLE event ADD CHECK (what <> 'e1')|SELECT count(*) FROM event WHERE what"
                      + " = 'e1'",
                  "ALTER TABLE event ADD UNIQUE (at)|SELECT 0",
                  "ALTER TABLE booking ADD EXCLUDE USING gist (room WITH =, during WITH &&) WHERE"
                      + " (NOT cancelled)|SELECT count(*) FROM booking b WHERE NOT cancelled AND"
                      + " EXISTS (SELECT FROM booking o WHERE o.ctid <> b.ctid AND NOT o.cancelled"
                      + " AND o.room = b.room AND o.during && b.during)",
                  "ALTER TABLE booking ADD CONSTRAINT \"one each\" EXCLUDE USING gist ((room * 2)"
                      + " WITH =, during WITH =)|SELECT count(*) FROM booking b WHERE (SELECT"
                      + " count(*) FROM booking o WHERE o.room = b.room AND o.during = b.during) >"
                      + " 1",
                  "ALTER TABLE booking ADD EXCLUDE USING gist (room WITH <>) WHERE (room ="
                      + " 5)|SELECT 0",
                  "ALTER TABLE booking ADD EXCLUDE USING gist (circle(place, 0.4) WITH"
                      + " &&)|SELECT count(*) FROM booking b WHERE EXISTS (SELECT FROM booking o"
                      + " WHERE o.ctid <> b.ctid AND o.place ~= b.place)",
                  "ALTER TABLE raw ALTER code TYPE integer USING code::integer|SELECT count(*) FROM"
                      + " raw WHERE code !~ '^[0-9]+$'",
                  "ALTER TABLE raw ALTER \"n o\" SET DATA TYPE integer USING nullif(substr(\"n o\","
                      + " 2), '')::integer, ALTER code SET STATISTICS 7|SELECT count(*) FROM"
                      + " raw WHERE length(\"n o\") < 2",
                  "ALTER TABLE raw ALTER flags TYPE bit(2) USING flags::bit varying|SELECT count(*)"
                      + " FROM raw WHERE length(flags) <> 2",
                  "ALTER TABLE raw ALTER flags TYPE varchar(2) USING concat(flags, 'x,')|SELECT count(*)"
                      + " FROM raw WHERE length(flags) > 0",
                  "ALTER TABLE raw ALTER flags TYPE boolean USING flags IN ('1', '01')|SELECT"
                      + " 0"))
          .map(text -> text.split("\\|", 2))
          .map(parts -> Map.entry(parts[0], parts[1]))
          .toList();

  @Test
  void rowsAreCountedAsByHand() throws SQLException {
    String findings =
        findings(
            STATEMENTS.stream().map(Map.Entry::getKey).collect(Collectors.joining(";\n", "", ";")));
    Map<String, List<String>> counts =
        COUNT
            .matcher(findings)
            .results()
            .collect(groupingBy(r -> r.group(1), mapping(r -> r.group(2), Collectors.toList())));
    for (int i = 0; i < STATEMENTS.size(); i++) {
      String statement = STATEMENTS.get(i).getKey();
      String violating = live.query(STATEMENTS.get(i).getValue()).getFirst();

      assertThat(counts.get(String.valueOf(3 + i)))
          .as("%s in %s", statement, findings)
          .isEqualTo(violating.equals("0") ? null : List.of(violating));
      assertThat(succeeds(statement)).as(statement).isEqualTo(violating.equals("0"));
    }
  }

  private static boolean succeeds(String sql) throws SQLException {
    try (Connection connection = live.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(sql);
      connection.rollback();
      return true;
    } catch (SQLException _) {
      return false;
    }
  }

  @Test
  void whatIsCorrectedOrNotEnforcedIsAWarning() {
    assertThat(
            findings(
                    """
                    UPDATE event SET what = 'none' WHERE what IS NULL;
                    ALTER TABLE event ALTER COLUMN what SET NOT NULL;
                    ALTER TABLE event ADD CONSTRAINT c CHECK (at > '2026-01-05') NOT VALID;
                    ALTER TABLE customer ADD CONSTRAINT d CHECK (id > 5) NOT VALID;
                    """)
                .replaceAll(" \\(ACCESS EXCLUSIVE, .*", ""))
        .isEqualTo(
            """
            core/002_change.sql:4: warning: rows-violate-constraint: 6 rows of public.event violate what: NOT NULL now; the changeset comes after a correction
                ALTER TABLE event ALTER COLUMN what SET NOT NULL
                correct these rows first: docs/lint/rows-violate-constraint.md
            core/002_change.sql:5: warning: rows-violate-constraint: 5 rows of public.event violate c: CHECK ((at > '2026-01-05'::date)) now; the changeset comes after a correction
                ALTER TABLE event ADD CONSTRAINT c CHECK (at > '2026-01-05') NOT VALID
                correct these rows first: docs/lint/rows-violate-constraint.md
            core/002_change.sql:6: warning: rows-violate-constraint: 5 rows of public.customer violate d: CHECK ((id > 5)), which VALIDATE CONSTRAINT will reject
                ALTER TABLE customer ADD CONSTRAINT d CHECK (id > 5) NOT VALID
                correct these rows first: docs/lint/rows-violate-constraint.md
            """);
  }

  @Test
  void newTablesHaveNoRows() {
    assertThat(
            findings(
                """
                CREATE TABLE page (id integer CHECK (id > 0), event integer REFERENCES customer);
                CREATE UNIQUE INDEX ON page (event);
                """))
        .isEmpty();
  }

  private static String findings(String changeset) {
    return RuleHarness.findings(
        new RowsViolateConstraint(), TargetDatabase.of(live.address()), GIVEN + LATER, changeset);
  }
}
