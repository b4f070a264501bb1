package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// The commands for backups, backfills and MongoDB.
class DataCommandsIT extends CommandFixture {

  @Test
  void seedAndVerifyMongodb() throws IOException {
    assertThat(sheaf("migrate", "seed"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: MongoDB is off
              set sheaf.mongodb.url=mongodb://user:password@host:27017/database
            """);

    var mongodb = new MongoServer(new MemoryBackend());
    try {
      settings(
          database.address(),
          "sheaf.mongodb.url=mongodb://127.0.0.1:" + mongodb.bind().getPort() + "/shop\n");
      Path file = directory.resolve("mongodb/core/indexes.json");
      Files.createDirectories(file.getParent());
      Files.writeString(
          file,
          """
          {"collections": [{"name": "orders", "indexes": [
            {"keys": {"customer": 1}, "options": {"name": "orders_customer"}}]}]}
          """);
      sheaf("migrate", "up");

      assertThat(sheaf("migrate", "verify"))
          .isEqualTo(
              """
              exit 3
              out:
              missing  mongodb collection orders
                       expected: collection
              missing  mongodb index orders.orders_customer
                       expected: {"keys": {"customer": 1}, "options": {}}
              err:
              2 differences
              """);
      assertThat(sheaf("migrate", "seed"))
          .isEqualTo(
              """
              exit 0
              out:
              created  collection orders  TIME
              created  index orders.orders_customer  TIME
              err:
              creating collection orders
              creating index orders.orders_customer
              2 created, 0 unchanged
              """);
      assertThat(sheaf("migrate", "seed", "--quiet")).isEqualTo("exit 0\nout:\nerr:\n");
      assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno differences\n");
    } finally {
      mongodb.shutdownNow();
    }
  }

  @Test
  void backupVerifyAndRestore() throws IOException {
    sheaf("migrate", "up");
    String file = directory.resolve("shop.sheaf").toString();
    String cut = directory.resolve("cut.sheaf").toString();
    String copy = TestDatabase.freshName();

    assertThat(sheaf("backup", file).replaceAll("\\d+ bytes", "BYTES"))
        .matches(
            """
            (?s)exit 0
            out:
            \\Q%s\\E  \\d+ tables, \\d+ rows, BYTES
            err:
            .*taken in TIME
            """
                .formatted(file));
    assertThat(sheaf("backup", file))
        .startsWith("exit 1\nout:\nerr:\n")
        .contains("sheaf: ", file, "exists");
    assertThat(sheaf("backup", "verify", file))
        .startsWith("exit 0\n")
        .endsWith("the backup is complete; recorded\n");

    byte[] whole = Files.readAllBytes(Path.of(file));
    Files.write(Path.of(cut), Arrays.copyOf(whole, whole.length / 2));
    assertThat(sheaf("backup", "verify", cut)).startsWith("exit 1\nout:\nerr:\n").contains(cut);

    try (TestDatabase restored = TestDatabase.opened(copy)) {
      assertThat(sheaf("restore", file, "--into", copy))
          .startsWith("exit 0\nout:\n" + copy + "  ")
          .endsWith("restored in TIME\n");
      assertThat(sheaf("restore", file, "--into", copy)).startsWith("exit 1\n");
      settings(restored.address(), "");
      assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno differences\n");
    }
    assertThat(sheaf("backup"))
        .startsWith("exit 2\n")
        .contains("Missing required parameter: 'FILE'");
  }

  @Test
  void backfills() throws Exception {
    assertThat(sheaf("backfill", "list")).isEqualTo("exit 0\nout:\nerr:\nthere are no backfills\n");
    changelog(
        "core",
        3,
        "c",
        "ALTER TABLE a ADD PRIMARY KEY (id), ADD COLUMN c int;",
        "ALTER TABLE a DROP COLUMN c, DROP CONSTRAINT a_pkey, ALTER id DROP NOT NULL;");
    Files.writeString(
        directory.resolve("changelog/core/003_c.backfill.sql"),
        """
        --liquibase formatted sql
        --backfill table:a key:id
        UPDATE a SET c = id WHERE :batch;
        --condition
        SELECT NOT EXISTS (SELECT FROM a WHERE c IS NULL);
        """);
    changelog(
        "core",
        4,
        "d",
        "--requires-backfill core/003_c\nDROP TABLE b;",
        "CREATE TABLE b (id int);");
    sheaf("migrate", "up", "--module", "core", "--to", "2");
    database.execute("INSERT INTO a SELECT generate_series(1, 5)");

    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 0
            out:
            up    core/003_c  TIME
            err:
            core/004_d waits for the backfill core/003_c (pending)
            1 changeset applied in TIME
            """);
    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 0
            out:
            err:
            the pending changesets wait for the backfill core/003_c
            nothing was applied
            """);
    assertThat(sheaf("migrate", "status", "--check"))
        .isEqualTo(
            """
            exit 3
            out:
            MODULE  APPLIED  LATEST  STATE
            core    003      004     1 pending
            pending  core/004_d  waiting for a backfill
            backfill core/003_c  pending
            err:
            %s is not up to date
            """
                .formatted(database.address()));
    assertThat(sheaf("backfill", "pause", "core/003_c"))
        .isEqualTo("exit 0\nout:\nerr:\ncore/003_c is paused\n");
    assertThat(sheaf("backfill", "pause", "core/003_c"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: core/003_c is paused and cannot be paused
              only a pending or running backfill can be paused
            """);
    assertThat(sheaf("backfill", "run", "core/003_c"))
        .isEqualTo("exit 1\nout:\ncore/003_c  paused\nerr:\n");
    assertThat(sheaf("backfill", "cancel", "core/003_c"))
        .isEqualTo("exit 0\nout:\nerr:\ncore/003_c is cancelled\n");
    assertThat(sheaf("backfill", "resume", "core/003_c"))
        .isEqualTo("exit 0\nout:\nerr:\ncore/003_c is running\n");
    assertThat(sheaf("backfill", "run"))
        .isEqualTo(
            """
            exit 0
            out:
            core/003_c  done
            err:
            core/003_c  started at row 0
            """);
    assertThat(sheaf("backfill", "list"))
        .isEqualTo(
            """
            exit 0
            out:
            BACKFILL    TABLE  ROWS  PROGRESS
            core/003_c  a      5     done
            err:
            """);
    assertThat(sheaf("backfill", "list", "--json"))
        .startsWith(
            """
            exit 0
            out:
            [ {
              "name" : "core/003_c",
              "table" : "a",
              "key" : [ "id" ],
              "state" : "done",
              "cursor" : [ "5" ],
              "rowsDone" : 5,
              "rowsEstimated" : 5,
            """);
    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 0
            out:
            up    core/004_d  TIME
            err:
            1 changeset applied in TIME
            """);
    assertThat(sheaf("backfill", "resume", "core/999_z"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: there is no backfill core/999_z
              sheaf backfill list shows all backfills
            """);
  }
}
