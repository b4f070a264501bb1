package dev.sheaf.migration.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.DerivedRollback;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.engine.ProofSelection;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// The derived rollback undoes every kind of change that has an inverse.
class DerivedRollbackIT {

  private static final String BASE =
      """
      CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE DOMAIN percent AS integer CHECK (VALUE <= 100);
      CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
          NEW.name := trim(NEW.name); -- no spaces
          RETURN NEW;
      END $$;
      CREATE TABLE owner (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
      CREATE TABLE shop (
          id    bigint PRIMARY KEY,
          name  varchar(40) NOT NULL DEFAULT 'shop',
          price integer NOT NULL,
          mood  mood,
          owner bigint CONSTRAINT shop_owner_fkey REFERENCES owner,
          CONSTRAINT shop_price_check CHECK (price >= 0)
      );
      CREATE INDEX shop_name_idx ON shop (lower(name)) WHERE price > 0;
      CREATE TRIGGER shop_touch BEFORE INSERT ON shop FOR EACH ROW EXECUTE FUNCTION touch();
      CREATE VIEW cheap AS SELECT id, name FROM shop WHERE price < 10;
      CREATE TABLE event (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
      CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      COMMENT ON TABLE shop IS 'Where things are sold';
      COMMENT ON COLUMN shop.name IS 'Over the door';
      COMMENT ON VIEW cheap IS 'Bargains';
      """;

  @TempDir private Path root;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    write(1, "base", "", BASE + "\n--rollback empty\n");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  /// A changeset, and the statements that undo it.
  private static Map<String, String> derived() {
    Map<String, String> cases = new TreeMap<>();
    cases.put(
        "CREATE TABLE item (id serial PRIMARY KEY, shop bigint REFERENCES shop); COMMENT ON TABLE item IS 'A thing'; CREATE INDEX item_shop_idx ON item (shop);",
        "DROP TABLE item");
    cases.put(
        "ALTER TABLE shop ADD COLUMN phone text UNIQUE; COMMENT ON COLUMN shop.phone IS 'Ring';",
        "ALTER TABLE shop DROP COLUMN phone");
    cases.put("CREATE INDEX shop_price_idx ON shop (price);", "DROP INDEX shop_price_idx");
    cases.put(
        "DROP INDEX shop_name_idx;",
        "CREATE INDEX shop_name_idx ON shop USING btree (lower(name::text)) WHERE price > 0");
    cases.put(
        "ALTER TABLE shop ADD CONSTRAINT shop_price_top CHECK (price < 1000) NOT VALID;",
        "ALTER TABLE shop DROP CONSTRAINT shop_price_top");
    cases.put(
        "ALTER TABLE shop DROP CONSTRAINT shop_price_check, DROP CONSTRAINT shop_owner_fkey;",
        """
        ALTER TABLE shop ADD CONSTRAINT shop_owner_fkey FOREIGN KEY (owner) REFERENCES owner(id)
        ALTER TABLE shop ADD CONSTRAINT shop_price_check CHECK (price >= 0)\
        """);
    cases.put(
        "ALTER TABLE shop DROP CONSTRAINT shop_pkey; ALTER TABLE shop ADD CONSTRAINT shop_pkey PRIMARY KEY (id, price);",
        """
        ALTER TABLE shop DROP CONSTRAINT shop_pkey
        ALTER TABLE shop ADD CONSTRAINT shop_pkey PRIMARY KEY (id)\
        """);
    cases.put(
        "ALTER TABLE shop ALTER COLUMN name DROP NOT NULL, ALTER COLUMN name SET DEFAULT 'x', ALTER COLUMN price SET DEFAULT 1, ALTER COLUMN price SET STATISTICS 100;",
        """
        ALTER TABLE shop ALTER COLUMN name SET NOT NULL
        ALTER TABLE shop ALTER COLUMN name SET DEFAULT 'shop'::character varying
        ALTER TABLE shop ALTER COLUMN price DROP DEFAULT
        ALTER TABLE shop ALTER COLUMN price SET STATISTICS -1\
        """);
    cases.put(
        "ALTER TABLE owner ALTER COLUMN name TYPE varchar(50);",
        "ALTER TABLE owner ALTER COLUMN name TYPE text USING name::text");
    cases.put(
        "DROP VIEW cheap; ALTER TABLE shop ALTER COLUMN name TYPE text; CREATE VIEW cheap AS SELECT id, name FROM shop WHERE price < 10;",
        """
        DROP VIEW cheap
        DROP INDEX shop_name_idx
        ALTER TABLE shop ALTER COLUMN name DROP DEFAULT
        ALTER TABLE shop ALTER COLUMN name TYPE character varying(40) USING name::character varying(40)
        ALTER TABLE shop ALTER COLUMN name SET DEFAULT 'shop'::character varying
        CREATE INDEX shop_name_idx ON shop USING btree (lower(name::text)) WHERE price > 0
        CREATE OR REPLACE VIEW cheap AS
         SELECT shop.id,
            shop.name
           FROM shop
          WHERE shop.price < 10
        COMMENT ON VIEW cheap IS 'Bargains'\
        """);
    cases.put(
        "ALTER TABLE shop RENAME COLUMN name TO title; ALTER TABLE shop RENAME CONSTRAINT shop_price_check TO price_check; ALTER INDEX shop_name_idx RENAME TO title_idx; ALTER TABLE shop RENAME TO store;",
        """
        ALTER INDEX title_idx RENAME TO shop_name_idx
        ALTER TABLE store RENAME CONSTRAINT price_check TO shop_price_check
        ALTER TABLE store RENAME COLUMN title TO name
        ALTER TABLE store RENAME TO shop\
        """);
    cases.put(
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; ALTER TYPE mood RENAME TO feeling;",
        """
        ALTER TYPE feeling RENAME TO mood
        ALTER TYPE mood RENAME VALUE 'blue' TO 'sad'\
        """);
    cases.put(
        "CREATE TYPE size AS ENUM ('s', 'm'); ALTER TABLE shop ADD COLUMN size size NOT NULL DEFAULT 's';",
        """
        ALTER TABLE shop DROP COLUMN size
        DROP TYPE size\
        """);
    cases.put(
        "CREATE OR REPLACE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n + n';",
        """
        CREATE OR REPLACE FUNCTION twice(n integer)
         RETURNS integer
         LANGUAGE sql
         IMMUTABLE
        AS $function$SELECT n * 2$function$\
        """);
    cases.put(
        "CREATE FUNCTION thrice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 3'; ALTER TABLE shop ADD COLUMN threefold integer GENERATED ALWAYS AS (thrice(price)) STORED;",
        """
        ALTER TABLE shop DROP COLUMN threefold
        DROP FUNCTION thrice(integer)\
        """);
    cases.put(
        "ALTER TABLE shop ADD COLUMN city text; CREATE OR REPLACE VIEW cheap AS SELECT id, name, city FROM shop WHERE price < 10;",
        """
        DROP VIEW cheap
        ALTER TABLE shop DROP COLUMN city
        CREATE OR REPLACE VIEW cheap AS
         SELECT shop.id,
            shop.name
           FROM shop
          WHERE shop.price < 10
        COMMENT ON VIEW cheap IS 'Bargains'\
        """);
    cases.put(
        "DROP TRIGGER shop_touch ON shop; DROP FUNCTION touch();",
        """
        CREATE OR REPLACE FUNCTION touch()
         RETURNS trigger
         LANGUAGE plpgsql
        AS $function$
        BEGIN
            NEW.name := trim(NEW.name); -- no spaces
            RETURN NEW;
        END $function$
        CREATE TRIGGER shop_touch BEFORE INSERT ON shop FOR EACH ROW EXECUTE FUNCTION touch()\
        """);
    cases.put(
        "COMMENT ON TABLE shop IS NULL; COMMENT ON COLUMN shop.name IS 'Else'; COMMENT ON COLUMN shop.price IS 'New';",
        """
        COMMENT ON COLUMN shop.price IS NULL
        COMMENT ON COLUMN shop.name IS 'Over the door'
        COMMENT ON TABLE shop IS 'Where things are sold'\
        """);
    cases.put(
        "CREATE SCHEMA trash; ALTER TABLE shop SET SCHEMA trash;",
        """
        ALTER TABLE trash.shop SET SCHEMA public
        DROP SCHEMA trash\
        """);
    cases.put(
        "ALTER TABLE event DETACH PARTITION event_2026; CREATE TABLE event_2027 PARTITION OF event FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');",
        """
        DROP TABLE event_2027
        ALTER TABLE event ATTACH PARTITION event_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')\
        """);
    cases.put(
        "ALTER TABLE shop SET (fillfactor = 70), ENABLE ROW LEVEL SECURITY, REPLICA IDENTITY FULL; CREATE POLICY p ON shop USING (price > 0);",
        """
        DROP POLICY p ON shop
        ALTER TABLE shop RESET (fillfactor)
        ALTER TABLE shop DISABLE ROW LEVEL SECURITY
        ALTER TABLE shop REPLICA IDENTITY DEFAULT\
        """);
    cases.put(
        "CREATE STATISTICS shop_statistics ON name, price FROM shop; ALTER DOMAIN percent SET DEFAULT 1; CREATE SEQUENCE s;",
        """
        DROP STATISTICS public.shop_statistics
        ALTER DOMAIN percent DROP DEFAULT
        DROP SEQUENCE s\
        """);
    return cases;
  }

  @TestFactory
  Stream<DynamicTest> everyKindOfChange() {
    return derived().entrySet().stream()
        .map(change ->
            DynamicTest.dynamicTest(
                change.getKey(),
                () -> {
                  Path file = write(2, "change", "", change.getKey());
                  DerivedRollback derived = migrations().deriveRollback(file);
                  assertThat(String.join("\n", derived.statements())).isEqualTo(change.getValue());
                  assertThat(derived.open()).isEmpty();
                  assertThat(derived.lossy()).isNull();
                  assertThat(prove(file).verdict()).isEqualTo(Verdict.PROVEN);
                }));
  }

  @Test
  void indexesOutsideATransactionStayConcurrent() throws IOException {
    Path file =
        write(
            2,
            "index",
            " runInTransaction:false",
            "CREATE INDEX CONCURRENTLY shop_price_idx ON shop (price);\nDROP INDEX CONCURRENTLY shop_name_idx;");

    assertThat(migrations().deriveRollback(file).statements())
        .containsExactly(
            "DROP INDEX CONCURRENTLY shop_price_idx",
            "CREATE INDEX CONCURRENTLY shop_name_idx ON shop USING btree (lower(name::text)) WHERE price > 0");
    assertThat(prove(file).verdict()).isEqualTo(Verdict.PROVEN);
  }

  @Test
  void droppedDataIsDeclaredAsLost() throws IOException {
    Path file =
        write(
            2,
            "drop",
            "",
            "DROP VIEW cheap;\nDROP TABLE shop;\nALTER TABLE owner DROP COLUMN name;");

    DerivedRollback derived = migrations().deriveRollback(file);

    assertThat(derived.open()).isEmpty();
    assertThat(prove(file).verdict()).isEqualTo(Verdict.LOSSY);
    assertThat(Files.readString(file))
        .isEqualTo(
            """
            --liquibase formatted sql

            --changeset core:002
            --comment drop
            --lossy-rollback data that was dropped or overwritten in public.owner, public.shop is not restored
            DROP VIEW cheap;
            DROP TABLE shop;
            ALTER TABLE owner DROP COLUMN name;

            --rollback CREATE TABLE shop (
            --rollback     id bigint NOT NULL,
            --rollback     name character varying(40) NOT NULL DEFAULT 'shop'::character varying,
            --rollback     price integer NOT NULL,
            --rollback     mood mood,
            --rollback     owner bigint,
            --rollback     CONSTRAINT shop_pkey PRIMARY KEY (id),
            --rollback     CONSTRAINT shop_price_check CHECK (price >= 0)
            --rollback );
            --rollback ALTER TABLE owner ADD COLUMN name text NOT NULL DEFAULT '';
            --rollback ALTER TABLE owner ALTER COLUMN name DROP DEFAULT;
            --rollback ALTER TABLE shop ADD CONSTRAINT shop_owner_fkey FOREIGN KEY (owner) REFERENCES owner(id);
            --rollback CREATE INDEX shop_name_idx ON shop USING btree (lower(name::text)) WHERE price > 0;
            --rollback CREATE OR REPLACE VIEW cheap AS
            --rollback  SELECT shop.id,
            --rollback     shop.name
            --rollback    FROM shop
            --rollback   WHERE shop.price < 10;
            --rollback CREATE TRIGGER shop_touch BEFORE INSERT ON shop FOR EACH ROW EXECUTE FUNCTION touch();
            --rollback COMMENT ON COLUMN shop.name IS 'Over the door';
            --rollback COMMENT ON TABLE shop IS 'Where things are sold';
            --rollback COMMENT ON VIEW cheap IS 'Bargains';
            """);
  }

  @Test
  void changedRowsAreDeclaredAndAddedRowsAreLeftToAPerson() throws IOException {
    Path update = write(2, "update", "", "UPDATE shop SET price = price + 1;");
    assertThat(migrations().deriveRollback(update))
        .isEqualTo(
            new DerivedRollback(
                update,
                List.of(),
                "data that was dropped or overwritten in public.shop is not restored",
                List.of()));
    assertThat(prove(update).verdict()).isEqualTo(Verdict.LOSSY);
    Files.delete(update);

    Path insert = write(2, "insert", "", "INSERT INTO owner (name) VALUES ('ann');");
    assertThat(migrations().deriveRollback(insert).open())
        .containsExactly("rows that were added to public.owner are still there");
  }

  @Test
  void changesWithoutAnInverseAreReported() throws IOException {
    Path file =
        write(
            2,
            "no_inverse",
            "",
            "ALTER TYPE mood ADD VALUE 'happy';\nGRANT SELECT ON owner TO PUBLIC;\n\n--rollback");

    DerivedRollback derived = migrations().deriveRollback(file);

    assertThat(derived.open())
        .startsWith(
            "the value 'happy' of type mood stays, because PostgreSQL cannot take a value out of an enum")
        .contains("privileges public.owner is still changed");
    assertThat(Files.readString(file))
        .contains("--rollback -- to be completed: privileges public.owner is still changed\n");
    assertThat(prove(file).verdict()).isEqualTo(Verdict.FAILED);
  }

  @Test
  void anAppliedChangesetAndOneWithARollbackAreRejected() throws IOException {
    Path base = root.resolve("core/001_base.sql");
    assertThatThrownBy(() -> migrations().deriveRollback(base))
        .hasMessageStartingWith("core/001_base.sql already has a rollback - test it:");

    Path file = write(2, "b", "", "CREATE TABLE b (id int);");
    MigrationListener silent = new MigrationListener() {};
    migrations().up(new Migrations.Scope("core", 1L), Approval.NONE, silent).orThrow();
    migrations().force("core", 2, new Approval(null, "made by hand"), silent).orThrow();
    assertThatThrownBy(() -> migrations().deriveRollback(file))
        .hasMessageStartingWith("core/002_b.sql is already applied in ");
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private RollbackProof prove(Path file) {
    return migrations().prove(new ProofSelection.One(file), null, _ -> {}).getFirst();
  }

  private Path write(int number, String name, String options, String sql) throws IOException {
    Files.createDirectories(root.resolve("core"));
    return Files.writeString(
        root.resolve("core").resolve(ChangelogFile.digits(number) + "_" + name + ".sql"),
        """
        --liquibase formatted sql

        --changeset core:%s%s
        --comment %s
        %s
        """
            .formatted(ChangelogFile.digits(number), options, name, sql));
  }
}
