package dev.sheaf.migration.scratch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.CatalogReader;
import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Every kind of table gets rows, and says why when it doesn't.
class SampleRowsIT {

  private static final String EVERY_TYPE =
      """
      CREATE EXTENSION vector;
      CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
      CREATE DOMAIN country AS text CHECK (VALUE ~ '^[A-Z]{2}$') NOT NULL;
      CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
      CREATE TYPE address AS (street text, number integer, "in" country);
      CREATE TYPE span AS RANGE (subtype = float8);
      CREATE TABLE every_type (
          a01 smallint NOT NULL, a02 integer NOT NULL, a03 bigint NOT NULL, a04 numeric NOT NULL,
          a05 numeric(3, 2) NOT NULL, a06 real NOT NULL, a07 double precision NOT NULL, a08 money NOT NULL,
          a09 text NOT NULL, a10 varchar(4) NOT NULL, a11 char(2) NOT NULL, a12 name NOT NULL, a13 "char" NOT NULL,
          a14 bytea NOT NULL, a15 boolean NOT NULL, a16 uuid NOT NULL, a17 date NOT NULL, a18 timestamp NOT NULL,
          a19 timestamptz NOT NULL, a20 time NOT NULL, a21 timetz NOT NULL, a22 interval NOT NULL, a23 json NOT NULL,
          a24 jsonb NOT NULL, a25 inet NOT NULL, a26 cidr NOT NULL, a27 macaddr NOT NULL, a28 macaddr8 NOT NULL,
          a29 bit(5) NOT NULL, a30 bit varying NOT NULL, a31 point NOT NULL, a32 line NOT NULL, a33 lseg NOT NULL,
          a34 box NOT NULL, a35 path NOT NULL, a36 polygon NOT NULL, a37 circle NOT NULL, a38 tsvector NOT NULL,
          a39 tsquery NOT NULL, a40 xml NOT NULL, a41 pg_lsn NOT NULL, a42 oid NOT NULL, a43 jsonpath NOT NULL,
          a44 int4range NOT NULL, a45 int8range NOT NULL, a46 numrange NOT NULL, a47 tsrange NOT NULL,
          a48 tstzrange NOT NULL, a49 daterange NOT NULL, a50 datemultirange NOT NULL, a51 span NOT NULL,
          b01 text[] NOT NULL, b02 integer[][] NOT NULL, b03 mood[] NOT NULL, b04 country[] NOT NULL,
          b05 mood NOT NULL, b06 country NOT NULL, b07 percent NOT NULL, b08 address NOT NULL, b09 address[] NOT NULL,
          c01 vector(384) NOT NULL, c02 vector NOT NULL, c03 halfvec(7) NOT NULL, c04 sparsevec(9) NOT NULL,
          c05 bit(384) NOT NULL, c06 vector NOT NULL CHECK (vector_dims(c06) = 12),
          d01 bigint GENERATED ALWAYS AS IDENTITY, d02 serial, d03 text GENERATED ALWAYS AS (a09 || '!') STORED
      );
      CREATE INDEX ON every_type USING hnsw ((c02::halfvec(5)) halfvec_l2_ops);
      """;

  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create();
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void everyTypeHasValues() throws SQLException {
    database.execute(EVERY_TYPE);

    assertThat(fill())
        .isEqualTo(new SampleRows.Result(List.of("public.every_type"), List.of(), List.of()));
    assertThat(
            database.query(
                """
                SELECT concat_ws(' ', a02, a09, b05, b06, b08, vector_dims(c02), vector_dims(c06), d01, d02, d03)
                  FROM every_type ORDER BY d01
                """))
        .containsExactly(
            "1 canary 1 sad CA (\"canary 1\",1,CA) 5 12 1 1 canary 1!",
            "2 canary 2 ok CA (\"canary 2\",2,CA) 5 12 2 2 canary 2!",
            "3 canary 3 happy CA (\"canary 3\",3,CA) 5 12 3 3 canary 3!");
  }

  @Test
  void constraintsAreSatisfied() throws SQLException {
    database.execute(
        """
        CREATE EXTENSION btree_gist;
        CREATE TABLE one_row (id boolean PRIMARY KEY DEFAULT true CHECK (id));
        CREATE TABLE checked (
            state   text    NOT NULL CHECK (state IN ('filling', 'ready')),
            code    text    NOT NULL CHECK (code LIKE 'SH-%'),
            slug    varchar NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
            hash    bytea   NOT NULL CHECK (octet_length(hash) = 20),
            digest  text    NOT NULL CHECK (length(digest) = 64),
            width   integer NOT NULL CHECK (width BETWEEN 2000 AND 16000),
            starts  integer NOT NULL,
            ends    integer NOT NULL,
            begun   date    CHECK (begun > '2020-01-01'),
            expires timestamptz NOT NULL CHECK (expires > '2050-01-01'),
            tags    jsonb   NOT NULL CHECK (jsonb_typeof(tags) = 'array'),
            reason  text,
            CHECK (ends < starts),
            CHECK (state <> 'ready' OR reason IS NOT NULL)
        );
        CREATE TABLE booking (
            room integer, during tstzrange NOT NULL,
            EXCLUDE USING gist (room WITH =, during WITH &&)
        );
        CREATE UNIQUE INDEX ON checked (lower(code));
        """);

    SampleRows.Result result = fill();

    assertThat(result.unfilled()).isEmpty();
    assertThat(count("one_row")).isEqualTo(1);
    assertThat(count("checked")).isEqualTo(3);
    assertThat(count("booking")).isEqualTo(3);
  }

  @Test
  void referencesAreFollowedThroughCyclesAndPartitions() throws SQLException {
    database.execute(
        """
        CREATE TABLE a_child (id bigint PRIMARY KEY, parent bigint NOT NULL, name text NOT NULL, UNIQUE (parent, name));
        CREATE TABLE parent (id bigint PRIMARY KEY, favourite bigint REFERENCES a_child);
        ALTER TABLE a_child ADD FOREIGN KEY (parent) REFERENCES parent DEFERRABLE INITIALLY DEFERRED;
        CREATE TABLE tree (id bigint PRIMARY KEY, up bigint NOT NULL REFERENCES tree);
        CREATE TABLE profile (id bigint PRIMARY KEY REFERENCES parent, bio text);

        CREATE TABLE event (kind text, at date, id int, PRIMARY KEY (kind, at, id)) PARTITION BY LIST (kind);
        CREATE TABLE event_click PARTITION OF event FOR VALUES IN ('click', 'tap') PARTITION BY RANGE (at);
        CREATE TABLE event_click_2026 PARTITION OF event_click FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE TABLE event_click_old PARTITION OF event_click FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
        CREATE TABLE event_rest PARTITION OF event DEFAULT;
        CREATE TABLE event_note (kind text, at date, id int NOT NULL, note text,
                                 FOREIGN KEY (kind, at, id) REFERENCES event);
        CREATE TABLE hashed (id int) PARTITION BY HASH (id);
        CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 0);
        CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 1);
        CREATE TABLE bare (id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE bare_hash (id int) PARTITION BY HASH (id);
        """);

    SampleRows.Result result = fill();

    assertThat(result.unfilled()).isEmpty();
    assertThat(result.partitions())
        .containsExactly("public.bare_canary", "public.bare_hash_canary");
    assertThat(count("a_child")).isEqualTo(3);
    assertThat(count("tree")).isEqualTo(3);
    assertThat(count("profile")).isEqualTo(3);
    assertThat(count("event")).isEqualTo(9);
    assertThat(count("event_note WHERE (kind, at, id) IN (TABLE event)")).isEqualTo(3);
    assertThat(count("hashed_0")).isPositive();
    assertThat(count("bare_hash")).isEqualTo(3);
  }

  @Test
  void whatCannotBeFilledSaysWhyAndTheRestIs() throws SQLException {
    database.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''closed''; END';
        CREATE TABLE closed (id int);
        CREATE TRIGGER closed BEFORE INSERT ON closed FOR EACH ROW EXECUTE FUNCTION refuse();
        CREATE TABLE impossible (id int NOT NULL CONSTRAINT never CHECK (id < 0 AND id > 0));
        CREATE TABLE orphan (id int NOT NULL, closed_id int NOT NULL);
        ALTER TABLE closed ADD PRIMARY KEY (id);
        ALTER TABLE orphan ADD CONSTRAINT orphan_closed FOREIGN KEY (closed_id) REFERENCES closed;
        CREATE TABLE pseudo (id pg_node_tree NOT NULL);
        CREATE TABLE usual (id int);
        """);

    assertThat(fill())
        .isEqualTo(
            new SampleRows.Result(
                List.of("public.usual"),
                List.of(),
                List.of(
                    new SampleRows.Unfilled("public.closed", "closed"),
                    new SampleRows.Unfilled(
                        "public.impossible",
                        "no values were found for never CHECK (((id < 0) AND (id > 0)))"),
                    new SampleRows.Unfilled(
                        "public.orphan",
                        "no values were found for foreign key orphan_closed, whose table public.closed has no suitable row"),
                    new SampleRows.Unfilled(
                        "public.pseudo", "no sample value for column id of type pg_node_tree"))));
  }

  @Test
  void aTableMayGetNullsOrNothing() throws SQLException {
    database.execute("CREATE TABLE a (id int PRIMARY KEY, b text); CREATE TABLE c (id int)");
    try (Connection connection = database.connect()) {
      SampleRows.fill(
          connection,
          table -> table.equals("public.a") ? SampleRows.Density.SPARSE : SampleRows.Density.NONE);
    }
    assertThat(database.query("SELECT concat_ws(' ', id, b) FROM a ORDER BY id"))
        .containsExactly("1", "2", "3");
    assertThat(count("c")).isZero();
  }

  @Test
  void onlyEmptyTablesAreToppedUp() throws SQLException {
    database.execute("CREATE TABLE a (id int); INSERT INTO a VALUES (7); CREATE TABLE b (id int)");
    assertThat(fill().filled()).containsExactly("public.b");
    assertThat(count("a")).isEqualTo(1);

    database.execute("CREATE TABLE c (id int)");
    assertThat(fill()).isEqualTo(new SampleRows.Result(List.of("public.c"), List.of(), List.of()));
    assertThat(count("b")).isEqualTo(3);
  }

  @Test
  void itJoinsTheCallersTransaction() throws SQLException {
    database.execute("CREATE TABLE a (id int)");
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      SampleRows.fill(connection);
      connection.rollback();
    }
    assertThat(count("a")).isZero();
  }

  @Test
  void sheafsOwnSchemaIsFilled() throws SQLException {
    TestConfig.migrations(database).up(new MigrationListener() {}).orThrow();

    assertThat(fill())
        .isEqualTo(
            new SampleRows.Result(
                List.of(
                    "public.api_key",
                    "public.audit_event",
                    "public.chunk_canary",
                    "public.collection",
                    "public.document_canary",
                    "public.embedding_canary",
                    "public.embedding_half_canary",
                    "public.embedding_space",
                    "public.index_recall",
                    "public.ingestion_batch",
                    "public.ingestion_error",
                    "public.ingestion_job",
                    "public.ingestion_part",
                    "public.reanalysis"),
                List.of(
                    "public.chunk_canary",
                    "public.document_canary",
                    "public.embedding_canary",
                    "public.embedding_half_canary"),
                List.of()));
  }

  /// Columns with a wider type, and why they cannot have their earlier one again.
  private record Widened(String was, String is, @Nullable String failure) {}

  @Test
  void widerTypesGetValuesThatTheEarlierOnesDoNotHold() throws SQLException {
    List<Widened> columns =
        List.of(
            new Widened("id integer", "id bigint", "integer out of range"),
            new Widened("own integer", "own bigint", "integer out of range"),
            new Widened("small smallint", "small integer", "smallint out of range"),
            new Widened(
                "name varchar(50)",
                "name varchar(200)",
                "value too long for type character varying(50)"),
            new Widened("code char(3)", "code text", "value too long for type character(3)"),
            new Widened(
                "tags varchar(5)[]",
                "tags varchar(9)[]",
                "value too long for type character varying(5)"),
            new Widened("price numeric(10,2)", "price numeric(20,2)", "numeric field overflow"),
            new Widened("ratio real", "ratio double precision", "value out of range: overflow"),
            new Widened(
                "flags bit varying(4)",
                "flags bit varying(9)",
                "bit string too long for type bit varying(4)"),
            // Only values below 1000 are allowed.
            new Widened("few smallint", "few bigint", null),
            new Widened("same integer", "same integer", null));
    database.execute(
        """
        CREATE TABLE wide (id serial PRIMARY KEY, own integer GENERATED ALWAYS AS IDENTITY, small smallint NOT NULL,
                           name varchar(50) UNIQUE, code char(3), tags varchar(5)[], price numeric(10,2), ratio real,
                           flags bit varying(4), few smallint CHECK (few < 1000), same integer);
        """);
    fill();
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      Catalog earlier = CatalogReader.read(connection, Detail.FACTS);
      for (Widened column : columns) {
        statement.execute(change(column.is()));
      }
      connection.setAutoCommit(false);
      SampleRows.addMore(connection, earlier);

      for (Widened column : columns) {
        Savepoint before = connection.setSavepoint();
        Throwable failure = catchThrowable(() -> statement.execute(change(column.was())));
        if (column.failure() == null) {
          assertThat(failure).as(column.is()).isNull();
        } else {
          assertThat(failure).as(column.is()).hasMessageContaining(column.failure());
        }
        connection.rollback(before);
      }
    }
  }

  private static String change(String column) {
    return "ALTER TABLE wide ALTER COLUMN " + column.replaceFirst(" ", " TYPE ");
  }

  private SampleRows.Result fill() throws SQLException {
    try (Connection connection = database.connect()) {
      return SampleRows.fill(connection);
    }
  }

  private int count(String table) throws SQLException {
    return Integer.parseInt(database.query("SELECT count(*) FROM " + table).getFirst());
  }
}
