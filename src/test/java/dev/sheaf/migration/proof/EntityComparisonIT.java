package dev.sheaf.migration.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.ChangesetText;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.ChangelogDraft;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.engine.ProofSelection;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.lint.Lint;
import dev.sheaf.migration.lint.Severity;
import dev.sheaf.migration.lint.rule.RuleHarness;
import dev.sheaf.testing.TestDatabase;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Index;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.Table;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.hibernate.annotations.Array;
import org.hibernate.annotations.ColumnDefault;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Changesets that are created from entities.
class EntityComparisonIT {

  @TempDir private Path root;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    new TestChangelogs(root)
        .changeset(
            "core",
            1,
            "shop",
            """
            CREATE EXTENSION vector;
            CREATE TABLE owner (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
            CREATE TABLE shop (
                id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name     text NOT NULL,
                size     integer,
                owner_id bigint,
                kind     text NOT NULL CHECK (kind IN ('STREET', 'MALL')),
                old_name text
            );
            """,
            "DROP TABLE shop; DROP TABLE owner; DROP EXTENSION vector;");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  enum Kind {
    MALL,
    STREET
  }

  enum MoreKinds {
    MALL,
    ONLINE,
    STREET
  }

  @Entity(name = "Owner")
  @Table(name = "owner")
  static class Owner {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    Long id;

    @Column String name;
  }

  @Entity(name = "Shop")
  @Table(name = "shop")
  public static class Shop {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    Long id;

    @Column String name;
    @Column @Nullable Integer size;

    @Enumerated(EnumType.STRING)
    @Column
    Kind kind;
  }

  @Entity(name = "GrownShop")
  @Table(name = "shop", indexes = @Index(name = "shop_opened_idx", columnList = "opened, name"))
  static class GrownShop {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    Long id;

    @Column(unique = true)
    String name;

    @Column(nullable = false)
    @ColumnDefault("1")
    Long size;

    @ManyToOne
    @JoinColumn(name = "owner_id")
    @Nullable Owner owner;

    @Enumerated(EnumType.STRING)
    @Column
    MoreKinds kind;

    @Column @Nullable Instant opened;

    @Column(nullable = false)
    String city;
  }

  @Entity(name = "Item")
  @Table(name = "item")
  static class Item {
    @Id UUID id;

    @ManyToOne(optional = false)
    @JoinColumn(name = "shop_id")
    Shop shop;

    @Column(length = 40)
    String code;

    @Column(precision = 10, scale = 2)
    BigDecimal price;

    @JdbcTypeCode(SqlTypes.JSON)
    @Column
    String settings;

    @JdbcTypeCode(SqlTypes.VECTOR)
    @Array(length = 384)
    @Column
    float[] picture;

    @JdbcTypeCode(SqlTypes.VECTOR)
    @Column
    float[] summary;
  }

  @Entity(name = "Branch")
  @Table(name = "branch", schema = "app")
  static class Branch {
    @Id Long id;

    @Column(unique = true)
    String shortName;

    @ElementCollection Set<String> tags;
  }

  @Entity(name = "Opinion")
  @Table(name = "opinion", indexes = @Index(name = "opinion_stars_idx", columnList = "stars"))
  static class Opinion {
    @Id Long id;

    @Column @Nullable Integer stars;

    @Column
    @ColumnDefault("2")
    @Nullable Integer votes;
  }

  @Test
  void additionsOfTheSchemaAreNoDifference() {
    assertThat(compare(Owner.class, Shop.class))
        .isEqualTo(new EntityComparison(List.of(), List.of()));
  }

  @Test
  void additionsOfAnEntityAreWrittenWithTheirRollback() throws IOException {
    List<Path> files = write(compare(Owner.class, GrownShop.class));

    assertThat(files)
        .extracting(file -> root.relativize(file).toString())
        .containsExactly(
            "core/002_grown.sql", "core/003_grown_indexes.sql", "core/004_grown_constraints.sql");
    assertThat(Files.readString(files.get(0)))
        .isEqualTo(
            """
            --liquibase formatted sql

            --changeset core:002
            --comment grown
            --lossy-rollback rows that were written since can prevent it: integer out of range
            -- If the table has rows, this needs a DEFAULT, or a backfill first.
            ALTER TABLE shop ADD COLUMN city text NOT NULL;
            ALTER TABLE shop ADD COLUMN opened timestamp with time zone;
            ALTER TABLE shop ALTER COLUMN size TYPE bigint USING size::bigint;
            ALTER TABLE shop ADD CONSTRAINT shop_size_not_null CHECK (size IS NOT NULL) NOT VALID;
            ALTER TABLE shop ALTER COLUMN size SET DEFAULT 1;
            ALTER TABLE shop ADD CONSTRAINT shop_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES owner(id) NOT VALID;
            ALTER TABLE shop DROP CONSTRAINT shop_kind_check;
            ALTER TABLE shop ADD CONSTRAINT shop_kind_check CHECK (kind = ANY (ARRAY['MALL'::text, 'ONLINE'::text, 'STREET'::text])) NOT VALID;

            -- No entity maps these columns. Dropping them deletes their data permanently:
            -- ALTER TABLE shop DROP COLUMN old_name;

            --rollback ALTER TABLE shop DROP CONSTRAINT shop_size_not_null;
            --rollback ALTER TABLE shop DROP CONSTRAINT shop_owner_id_fkey;
            --rollback ALTER TABLE shop DROP COLUMN opened;
            --rollback ALTER TABLE shop DROP COLUMN city;
            --rollback ALTER TABLE shop DROP CONSTRAINT shop_kind_check;
            --rollback ALTER TABLE shop ALTER COLUMN size DROP DEFAULT;
            --rollback ALTER TABLE shop ALTER COLUMN size TYPE integer USING size::integer;
            --rollback ALTER TABLE shop ADD CONSTRAINT shop_kind_check CHECK (kind = ANY (ARRAY['STREET'::text, 'MALL'::text]));
            """);
    assertThat(Files.readString(files.get(1)))
        .isEqualTo(
            """
            --liquibase formatted sql

            --changeset core:003 runInTransaction:false
            --comment grown indexes
            CREATE UNIQUE INDEX CONCURRENTLY shop_name_key ON shop (name);
            CREATE INDEX CONCURRENTLY shop_opened_idx ON shop (opened, name);

            --rollback DROP INDEX CONCURRENTLY shop_opened_idx;
            --rollback DROP INDEX CONCURRENTLY shop_name_key;
            """);
    assertThat(Files.readString(files.get(2)))
        .isEqualTo(
            """
            --liquibase formatted sql

            --changeset core:004
            --comment grown constraints
            ALTER TABLE shop VALIDATE CONSTRAINT shop_size_not_null;
            ALTER TABLE shop VALIDATE CONSTRAINT shop_owner_id_fkey;
            ALTER TABLE shop VALIDATE CONSTRAINT shop_kind_check;
            ALTER TABLE shop ALTER COLUMN size SET NOT NULL;
            ALTER TABLE shop DROP CONSTRAINT shop_size_not_null;
            ALTER TABLE shop ADD CONSTRAINT shop_name_key UNIQUE USING INDEX shop_name_key;

            --rollback ALTER TABLE shop DROP CONSTRAINT shop_name_key;
            --rollback ALTER TABLE shop DROP CONSTRAINT shop_owner_id_fkey;
            --rollback ALTER TABLE shop DROP CONSTRAINT shop_kind_check;
            --rollback ALTER TABLE shop ALTER COLUMN size DROP NOT NULL;
            --rollback ALTER TABLE shop ADD CONSTRAINT shop_kind_check CHECK (kind = ANY (ARRAY['MALL'::text, 'ONLINE'::text, 'STREET'::text])) NOT VALID;
            --rollback ALTER TABLE shop ADD CONSTRAINT shop_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES owner(id) NOT VALID;
            --rollback ALTER TABLE shop ADD CONSTRAINT shop_size_not_null CHECK (size IS NOT NULL) NOT VALID;
            --rollback CREATE UNIQUE INDEX shop_name_key ON shop USING btree (name);
            """);
    assertThat(files.stream().map(this::prove))
        .extracting(RollbackProof::verdict)
        .containsExactly(Verdict.LOSSY, Verdict.PROVEN, Verdict.PROVEN);
    // Only a person can know the value of the column, and how the other one becomes larger.
    assertThat(errors(files))
        .containsExactly(
            "core/002_grown.sql added-not-null-column public.shop.city",
            "core/002_grown.sql table-rewrite public.shop");
    assertThat(compare(Owner.class, GrownShop.class).parts()).isEmpty();
  }

  @Test
  void aNewEntityGetsATable() throws IOException {
    Path file = write(compare(Owner.class, Shop.class, Item.class)).getFirst();

    assertThat(Files.readString(file))
        .isEqualTo(
            """
            --liquibase formatted sql

            --changeset core:002
            --comment grown
            CREATE TABLE item (
                id uuid NOT NULL,
                code character varying(40),
                picture vector(384),
                price numeric(10,2),
                settings jsonb,
                summary vector,
                shop_id bigint NOT NULL,
                CONSTRAINT item_pkey PRIMARY KEY (id)
            );
            ALTER TABLE item ADD CONSTRAINT item_shop_id_fkey FOREIGN KEY (shop_id) REFERENCES shop(id);

            --rollback DROP TABLE item;
            """);
    assertThat(prove(file).verdict()).isEqualTo(Verdict.PROVEN);
  }

  @Test
  void tablesOfCollectionsAndOtherSchemasAreCompared() throws IOException {
    Path file = write(compare(Branch.class)).getFirst();

    assertThat(Files.readString(file))
        .isEqualTo(
            """
            --liquibase formatted sql

            --changeset core:002
            --comment grown
            CREATE SCHEMA app;
            CREATE TABLE app.branch (
                id bigint NOT NULL,
                shortname text,
                CONSTRAINT branch_pkey PRIMARY KEY (id),
                CONSTRAINT branch_shortname_key UNIQUE (shortname)
            );
            CREATE TABLE branch_tags (
                branch_id bigint NOT NULL,
                tags text
            );
            ALTER TABLE branch_tags ADD CONSTRAINT branch_tags_branch_id_fkey FOREIGN KEY (branch_id) REFERENCES app.branch(id);

            --rollback DROP TABLE branch_tags;
            --rollback DROP TABLE app.branch;
            --rollback DROP SCHEMA app;
            """);
    assertThat(prove(file).verdict()).isEqualTo(Verdict.PROVEN);
    assertThat(errors(List.of(file))).isEmpty();
    assertThat(compare(Branch.class)).isEqualTo(new EntityComparison(List.of(), List.of()));
  }

  @Test
  void aDefaultChangesItsTypeWithTheColumnOfAPartitionedTable() throws IOException {
    new TestChangelogs(root)
        .changeset(
            "core",
            2,
            "opinion",
            "CREATE TABLE opinion (id bigint PRIMARY KEY, stars text DEFAULT '3', votes text DEFAULT '1') PARTITION BY HASH (id);",
            "DROP TABLE opinion;");
    Path file = write(compare(Opinion.class)).getFirst();

    assertThat(Files.readString(file))
        .isEqualTo(
            """
            --liquibase formatted sql

            --changeset core:003
            --comment grown
            ALTER TABLE opinion ALTER COLUMN stars DROP DEFAULT;
            ALTER TABLE opinion ALTER COLUMN stars TYPE integer USING stars::integer;
            ALTER TABLE opinion ALTER COLUMN stars SET DEFAULT ('3'::text)::integer;
            ALTER TABLE opinion ALTER COLUMN votes DROP DEFAULT;
            ALTER TABLE opinion ALTER COLUMN votes TYPE integer USING votes::integer;
            ALTER TABLE opinion ALTER COLUMN votes SET DEFAULT 2;
            CREATE INDEX opinion_stars_idx ON opinion (stars);

            --rollback DROP INDEX opinion_stars_idx;
            --rollback ALTER TABLE opinion ALTER COLUMN stars DROP DEFAULT;
            --rollback ALTER TABLE opinion ALTER COLUMN stars TYPE text USING stars::text;
            --rollback ALTER TABLE opinion ALTER COLUMN stars SET DEFAULT '3'::text;
            --rollback ALTER TABLE opinion ALTER COLUMN votes DROP DEFAULT;
            --rollback ALTER TABLE opinion ALTER COLUMN votes TYPE text USING votes::text;
            --rollback ALTER TABLE opinion ALTER COLUMN votes SET DEFAULT '1'::text;
            """);
    assertThat(prove(file).verdict()).isEqualTo(Verdict.PROVEN);
    assertThat(compare(Opinion.class).parts()).isEmpty();
  }

  @Test
  void sheafsOwnEntitiesAndChangelogsAgree() {
    assertThat(EntityClasses.bundled())
        .extracting(Class::getSimpleName)
        .contains("Document", "Chunk");
    assertThat(TestConfig.migrations(database).compareEntities().parts()).isEmpty();
  }

  private EntityComparison compare(Class<?>... entities) {
    return migrations().compareEntities(List.of(entities));
  }

  private List<Path> write(EntityComparison comparison) {
    List<Path> files = new ArrayList<>();
    for (EntityComparison.Part part : comparison.parts()) {
      Path file =
          ChangelogDraft.create(
                  new ChangelogDraft.Request(
                      root,
                      "core",
                      files.isEmpty() ? "grown" : "grown " + part.suffix(),
                      Optional.empty(),
                      false,
                      comparison.body(part),
                      part.transactional()))
              .getFirst();
      assertThat(migrations().deriveRollback(file).open()).isEmpty();
      files.add(file);
    }
    return files;
  }

  /// The errors that `sheaf migrate check` reports.
  private List<String> errors(List<Path> files) {
    Changelogs changelogs = Changelogs.in(root);
    Lint lint =
        new Lint(
            changelogs, TestDatabase.server(), ChangesetText.defaults(), null, RuleHarness.VECTORS);
    return files.stream()
        .flatMap(file ->
            lint.check(ChangesetSelection.of(changelogs, file), _ -> {}).findings().stream())
        .filter(finding -> finding.severity() == Severity.ERROR)
        .map(finding -> finding.file() + " " + finding.rule() + " " + finding.object())
        .toList();
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private RollbackProof prove(Path file) {
    return migrations().prove(new ProofSelection.One(file), null, _ -> {}).getFirst();
  }
}
