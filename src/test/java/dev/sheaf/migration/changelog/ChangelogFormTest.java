package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.migration.ChangesetText;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChangelogFormTest {

  @TempDir private Path root;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          001_a.sql                | --liquibase formatted sql¶--changeset core:001 | LIQUIBASE
          001_a.sql                | -- a note¶--liquibase formatted sql            | LIQUIBASE
          001_a.sql                | --liquibase formatted sql¶-- +goose Up         | LIQUIBASE
          001_a.sql                | --changeset core:001¶SELECT 1;                 | LIQUIBASE
          001_a.sql                | SELECT 1;¶--rollback SELECT 2;                 | LIQUIBASE
          001_a.sql                | SELECT 1;¶-- rollback the purchase              | PLAIN
          20261128093000_a.sql     | SELECT 1;                                      | PLAIN
          001_a.up.sql             | -- +goose Up                                   | PAIR
          1_Add-Users.up.sql       | SELECT 1;                                      | PAIR
          00001_a.sql              | ¶  -- +goose Up¶SELECT 1;                      | GOOSE
          1_add-users.sql          | -- +migrate Up                                 | GOOSE
          20261128093000_a.sql     | -- migrate:up                                  | DBMATE
          V1__Create_Users.sql     | SELECT 1;                                      | FLYWAY
          U20261128093000__a.sql   | SELECT 1;                                      | FLYWAY
          V2025.11.30.1__a.sql     | SELECT 1;                                      | FLYWAY
          U1_2__a.sql              | SELECT 1;                                      | FLYWAY
          1.10_a.sql               | --liquibase formatted sql                      | LIQUIBASE
          001_a.backfill.sql       | SELECT 1;                                      | LIQUIBASE
          """)
  void isRecognized(String name, String content, ChangelogForm form) {
    byte[] bytes = content.replace('¶', '\n').getBytes(StandardCharsets.UTF_8);

    assertThat(ChangelogFile.of("core", name, bytes).form()).isEqualTo(form);
  }

  /// The same SQL has the same checksum and the same seal in every form.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          001_a.sql     | --liquibase formatted sql¶--changeset core:001¶--comment x¶@¶--rollback DROP TABLE t;
          001_a.sql     | @
          001_a.sql     | BEGIN;¶@¶COMMIT;
          001_a.up.sql  | @
          001_a.up.sql  | START TRANSACTION ;¶@¶END ;¶
          001_a.sql     | @¶---- create above / drop below ----¶DROP TABLE t;
          001_a.sql     | -- +goose Up¶-- +goose StatementBegin¶@¶-- +goose StatementEnd¶-- +goose Down¶DROP TABLE t;
          001_a.sql     | -- +goose NO TRANSACTION¶-- +goose Up¶BEGIN;¶@¶COMMIT;¶-- +goose Down¶DROP TABLE t;
          001_a.sql     | -- migrate:up¶@¶-- migrate:down¶--lossy-rollback it is gone¶DROP TABLE t;
          V1__a.sql     | @
          """)
  void doesNotChangeTheChecksum(String name, String content) {
    String sql = "CREATE TABLE t (v text); -- values\nINSERT INTO t VALUES ('-- migrate:down');";
    Changeset changeset =
        ChangesetText.parse("core", name, content.replace("@", sql).replace('¶', '\n'));

    assertThat(changeset.problems()).isEmpty();
    assertThat(changeset.seal())
        .isEqualTo(
            ChangesetText.parse(
                    "core",
                    "001_b.sql",
                    "--liquibase formatted sql\n--changeset core:001\n"
                        + sql
                        + "\n--rollback DROP TABLE t;")
                .seal());
    assertThat(changeset.id()).isEqualTo("001");
    assertThat(changeset.author()).isEqualTo("core");
    assertThat(changeset.up()).hasSize(2);
    assertThat(changeset.transactional()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          001_a.up.sql  | ``                                      | 1:1: has no statement
          001_a.sql     | -- +goose Up¶¶-- +goose Down            | 1:1: has no statement
          001_a.up.sql  | -- changes nothing since 2.0            | ``
          001_a.sql     | -- +goose Up¶SELECT 1¶-- +goose Down¶-- nothing to undo | ``
          001_a.sql     | -- +goose Down¶SELECT 1;                | 1:1: has no statement+1:1: does not say where the change begins
          001_a.sql     | -- +goose Up¶SELECT 1;¶-- +goose Up¶    | 3:1: has -- +goose Up after another annotation
          001_a.sql     | SELECT 1;¶-- +goose Up¶SELECT 2;        | 1:1: has SQL before the annotation of the change
          001_a.sql     | -- +goose Up¶-- +goose ENVSUB ON¶SELECT '${A}'; | 2:1: uses -- +goose ENVSUB ON, which is not supported
          001_a.sql     | -- migrate:up foo:bar¶SELECT 1;         | 1:1: uses foo:bar, which is not supported
          001_a.sql     | -- migrate:up¶CREATE INDEX CONCURRENTLY i ON t (v); | 2:1: uses CONCURRENTLY in a transaction
          001_a.up.sql  | CREATE TABLE t ();¶CREATE INDEX CONCURRENTLY i ON t (v); | 2:1: uses CONCURRENTLY in a transaction
          001_a.up.sql  | SET lock_timeout = 0;¶CREATE INDEX CONCURRENTLY i ON t (v); | ``
          001_a.up.sql  | BEGIN;¶CREATE TABLE t ();¶COMMIT;¶SELECT 1; | 1:1: has a transaction command: BEGIN+3:1: has a transaction command: COMMIT
          001_a.up.sql  | BEGIN ISOLATION LEVEL SERIALIZABLE;¶SELECT 1;¶COMMIT; | 1:1: has a transaction command: BEGIN ISOLATION LEVEL SERIALIZABLE+3:1: has a transaction command: COMMIT
          001_a.up.sql  | SELECT 1;¶-- migrate:down¶SELECT 2;     | 2:1: has -- migrate:down, but the file is a file of a pair, NNN_name.up.sql
          001_a.up.sql  | SELECT 1;¶--rollback SELECT 2;          | 2:1: has --rollback, but the file is a file of a pair, NNN_name.up.sql
          001_a.sql     | SELECT 1;¶-- //@UNDO¶SELECT 2;          | 2:1: has -- //@UNDO, but the file is plain SQL
          001_a.sql     | SELECT 1;¶-- Down Migration¶SELECT 2;   | 2:1: has -- Down Migration, but the file is plain SQL
          001_a.sql     | SELECT 1;¶-- the way down¶-- up to date | ``
          001_a.sql     | --destructiv it is old¶SELECT 1;        | 1:1: --destructiv is no directive
          V1__a.sql     | SELECT '${owner}';                      | 1:1: has ${owner}, which Flyway replaces and Sheaf does not
          """)
  void whatCouldBeMisunderstoodIsRefused(String name, String content, String problems) {
    Changeset changeset = ChangesetText.parse("core", name, content.replace('¶', '\n'));

    assertThat(
            String.join("+", changeset.problems().stream().map(ChangelogProblem::located).toList()))
        .isEqualTo(problems);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "001_a.sql:SELECT 002_b.up.sql:SELECT",
        "001_a.sql:SELECT 002_b.sql:--+goose",
        "V1__a.sql:SELECT 002_b.sql:SELECT",
        "001_a.down.sql:SELECT 002_b.up.sql:SELECT",
        "001_a.up.sql:SELECT 001_a.down.sql:SELECT 001_b.down.sql:SELECT",
        "R__a.view.sql:SELECT",
        "V1.1__a b.sql:SELECT",
        "V1.1234567890123456789__a.sql:SELECT",
        "afterMigrate.sql:SELECT",
      })
  void aDirectoryThatIsNotOfOneFormIsRefused(String files) throws IOException {
    Path module = Files.createDirectories(root.resolve("core"));
    for (String file : files.split(" (?=[0-9VR])", -1)) {
      String[] parts = file.split(":", -1);
      Files.writeString(
          module.resolve(parts[0]), parts[1].equals("--+goose") ? "-- +goose Up\n" : parts[1]);
    }

    assertThatExceptionOfType(OperatorException.class).isThrownBy(() -> Changelogs.in(root));
    assertThat(ChangelogCheck.of(root)).isNotEmpty();
  }

  /// Compared with numbers without limits, and read back from the text and from names of files.
  @Test
  void versionsHaveTheOrderOfFlyway() {
    List<String> texts =
        List.of(
            "0",
            "0.0.1",
            "0.9",
            "1",
            "1.0.1",
            "1.1",
            "1.2",
            "1.9",
            "1.10",
            "1.10.1",
            "2",
            "2.007",
            "2.8",
            "10",
            "2025.11.30",
            "2025.11.30.1",
            "20251130",
            "20251130101500",
            "20251130101500123",
            "999999999999999999");
    for (int i = 0; i < texts.size(); i++) {
      ChangesetVersion version = ChangesetVersion.parse(texts.get(i));
      for (int j = 0; j < texts.size(); j++) {
        assertThat(Integer.signum(version.compareTo(ChangesetVersion.parse(texts.get(j)))))
            .as(texts.get(i) + " and " + texts.get(j))
            .isEqualTo(Integer.compare(i, j));
      }
      String underscored = texts.get(i).replace('.', '_');
      for (String name :
          List.of(
              "V" + underscored + "__1_2.sql",
              "U" + texts.get(i) + ".0__3.sql",
              version.digits() + "_4.sql")) {
        assertThat(ChangelogFile.version("db/changelog/core/" + name)).as(name).isEqualTo(version);
      }
      assertThat(ChangesetVersion.parse(version.toString())).isEqualTo(version);
    }
    assertThat(ChangesetVersion.parse("1.9").next()).hasToString("1.10");
    assertThat(ChangesetVersion.parse("9").next().digits()).isEqualTo("010");
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> ChangesetVersion.parse("1..2"))
        .withMessageContaining("not a version: 1..2");
  }

  /// The files of a directory are read in this order, and each has its rollback and its settings.
  @Test
  void filesOfFlywayAreReadWithTheirSettings() throws IOException {
    for (String name : List.of("V1.10__d", "V2__e", "V1_9__c", "V1.0__a", "V1.1__b")) {
      Files.writeString(root.resolve(name + ".sql"), "SELECT '${x}';");
      Files.writeString(
          root.resolve(name + ".sql.conf"), "# as it is\nplaceholderReplacement=false\n");
      Files.writeString(
          root.resolve(name.replace("V", "U").replace("1_9", "1.9") + ".sql"), "SELECT 2;");
    }
    Changelogs before = Changelogs.in(root);
    Files.writeString(
        root.resolve("V2__e.sql.conf"), "flyway.executeInTransaction = false\nencoding=ISO-8859-1");
    Files.writeString(root.resolve("V3__f.sql.conf"), "executeInTransaction=false");

    Changelogs changelogs = Changelogs.in(root);
    List<Changeset> core =
        changelogs.files().getOrDefault("core", List.of()).stream()
            .map(changelogs::changeset)
            .toList();

    assertThat(core).extracting(Changeset::id).containsExactly("001", "1.1", "1.9", "1.10", "002");
    assertThat(core).allMatch(changeset -> changeset.down() != null);
    assertThat(core.getFirst().problems()).isEmpty();
    assertThat(core.getFirst().transactional()).isTrue();
    assertThat(core.getLast().transactional()).isFalse();
    assertThat(core.getLast().problems())
        .extracting(ChangelogProblem::message)
        .containsExactly(
            "has encoding=ISO-8859-1 in V2__e.sql.conf, which is not supported",
            "has ${x}, which Flyway replaces and Sheaf does not");
    assertThat(changelogs.fingerprint(List.of("core")))
        .isNotEqualTo(before.fingerprint(List.of("core")));
    assertThat(ChangelogCheck.of(root))
        .extracting(ChangelogCheck.Finding::path)
        .containsExactly("core/V2__e.sql", "core/V2__e.sql", "core/V3__f.sql.conf");
  }

  @Test
  void aDirectoryInADirectoryOfFlywayIsRefused() throws IOException {
    Files.writeString(root.resolve("V1__a.sql"), "SELECT 1;");
    Files.writeString(
        Files.createDirectories(root.resolve("views")).resolve("V2__b.sql"), "SELECT 1;");

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> Changelogs.in(root))
        .withMessageContaining("has both V1__a.sql and a directory views with changelogs");
  }

  @Test
  void aMixtureIsRefusedWithTheNames() throws IOException {
    Files.writeString(root.resolve("001_a.sql"), "SELECT 1;");
    Files.writeString(root.resolve("002_b.up.sql"), "SELECT 1;");

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> Changelogs.in(root))
        .withMessage(
            "core/002_b.up.sql is a file of a pair, NNN_name.up.sql, and core/001_a.sql is plain SQL"
                + " - write all files of a module in one form");
  }

  /// A directory without modules is the module core, beside what else is there.
  @Test
  void aFlatDirectoryIsTheModuleCore() throws IOException {
    Files.writeString(root.resolve("1_a.up.sql"), "SELECT 1;");
    Files.writeString(root.resolve("1_a.down.sql"), "SELECT 2;");
    Files.writeString(root.resolve("embed.go"), "package migrations");
    Files.createDirectories(root.resolve("testdata"));
    // So Kubernetes mounts a ConfigMap.
    Path data = Files.createDirectories(root.resolve("..data"));
    Files.copy(root.resolve("1_a.up.sql"), data.resolve("1_a.up.sql"));

    Changelogs changelogs = Changelogs.in(root);

    assertThat(changelogs.files().keySet()).containsExactly("core");
    assertThat(changelogs.at(root.resolve("1_a.down.sql")).map(ChangelogFile::label))
        .hasValue("core/1_a");
    assertThat(ChangelogCheck.of(root)).isEmpty();
    Files.writeString(root.resolve("2_b.go"), "package migrations");
    assertThat(ChangelogCheck.of(root))
        .extracting(ChangelogCheck.Finding::path)
        .containsExactly("core/2_b.go");
  }

  /// The next file of a module is like the others.
  @ParameterizedTest
  @CsvSource({
    "000009_a.up.sql, 000010_add_it.up.sql 000010_add_it.down.sql",
    "V9__a.sql, V10__add_it.sql",
    "V1.9__a.sql, V1.10__add_it.sql",
    "00009_a.sql, 00010_add_it.sql"
  })
  void aDraftHasTheFormOfTheModule(String existing, String created) throws IOException {
    Files.writeString(root.resolve(existing), "SELECT 1;");

    List<Path> files =
        ChangelogDraft.create(
            new ChangelogDraft.Request(root, "core", "Add it", Optional.empty(), false, "", true));

    assertThat(files)
        .extracting(file -> root.relativize(file).toString())
        .containsExactly(created.split(" ", -1));
    assertThat(ChangelogCheck.of(root))
        .extracting(ChangelogCheck.Finding::message)
        .containsExactly(
            "has no statement; write what it changes, or a comment that says why it changes nothing");
  }
}
