package dev.sheaf.migration.scratch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateTemplatesIT {

  @TempDir private Path directory;
  private List<Changeset> changesets = List.of();

  @BeforeEach
  void write() throws Exception {
    TestChangelogs changelogs = new TestChangelogs(directory);
    // A table of a name that no other run has made a template with.
    changelogs.table("core", 1, TestDatabase.freshName());
    changelogs.table("core", 2, "second");
    changesets = ChangesetSelection.all(Changelogs.in(directory)).chosen();
  }

  @AfterEach
  void drop() throws SQLException {
    try (Connection connection = TestDatabase.server().open("sheaf test");
        Statement statement = connection.createStatement()) {
      for (String name : templates(statement)) {
        TemplateDatabase.drop(statement, name);
      }
    }
  }

  @Test
  void aStateIsMadeOnceFromTheNearestBeforeIt() throws SQLException {
    String first = ensure(1);
    String both = ensure(2);

    assertThat(ensure(2)).isEqualTo(both);
    assertThat(ensure(0)).isEqualTo("template0");
    try (Connection connection = TestDatabase.server().open("sheaf test");
        Statement statement = connection.createStatement()) {
      assertThat(templates(statement))
          .containsExactlyInAnyOrder(
              first, first.replace("_rows", ""), both, both.replace("_rows", ""));
    }
    try (ScratchDatabase scratch =
            ScratchDatabase.after(changesets, TestDatabase.server(), TestConfig.schema());
        Connection connection = scratch.address().open("sheaf test");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT (SELECT count(*) FROM databasechangelog), (SELECT count(*) FROM second)")) {
      row.next();
      assertThat(List.of(row.getInt(1), row.getInt(2))).containsExactly(2, 3);
    }
  }

  @Test
  void aBackfillThatItTookIsWorkedOff() throws Exception {
    Path core = directory.resolve("core");
    Files.writeString(
        core.resolve("002_second.backfill.sql"),
        """
        --liquibase formatted sql
        --backfill table:second key:id
        UPDATE second SET id = id + 1000 WHERE :batch AND id < 1000;
        --condition
        SELECT NOT EXISTS (SELECT FROM second WHERE id < 1000);
        """);
    Files.writeString(
        core.resolve("003_large.sql"),
        """
        --liquibase formatted sql
        --requires-backfill core/002_second
        --changeset core:003
        ALTER TABLE second ADD CHECK (id >= 1000);
        --rollback ALTER TABLE second DROP CONSTRAINT second_id_check;
        """);
    changesets = ChangesetSelection.all(Changelogs.in(directory)).chosen();

    assertThat(ensure(3)).endsWith("_rows");
  }

  @Test
  void whatNobodyHasUsedForAWeekGoes() throws SQLException {
    String first = ensure(1);
    try (Connection connection = TestDatabase.server().open("sheaf test");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "DO $$ BEGIN EXECUTE 'COMMENT ON DATABASE %s IS ' || quote_literal('last used ' || current_date - 8); END $$"
              .formatted(first));

      ensure(2);

      assertThat(templates(statement)).hasSize(3).doesNotContain(first);
    }
  }

  /// As a role of its own, which does not see what other tests keep.
  @Test
  void onlyTheLastUsedAreKeptAndAllCanBeDropped() throws SQLException {
    String role = TestDatabase.freshName();
    DatabaseAddress server = TestDatabase.server();
    try (Connection connection = server.open("sheaf test");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE ROLE " + role + " LOGIN CREATEDB PASSWORD 'weak'");
      try {
        DatabaseAddress own = new DatabaseAddress(server.jdbcUrl(), role, "weak");
        String first = StateTemplates.ensure(changesets.subList(0, 1), own, TestConfig.schema());
        String both = StateTemplates.ensure(changesets, own, TestConfig.schema());
        // The older one is used last.
        StateTemplates.ensure(changesets.subList(0, 1), own, TestConfig.schema());
        try (Connection asRole = own.open("sheaf test")) {
          StateTemplates.dropUnused(asRole, 2);
        }
        assertThat(templates(statement))
            .containsExactlyInAnyOrder(first, first.replace("_rows", ""));

        // A template that was dropped is made again.
        ScratchDatabase.after(changesets, own, TestConfig.schema()).close();
        assertThat(StateTemplates.dropAll(own))
            .containsExactlyInAnyOrder(
                first, first.replace("_rows", ""), both, both.replace("_rows", ""));
        assertThat(templates(statement)).isEmpty();
      } finally {
        drop();
        statement.execute("DROP ROLE " + role);
      }
    }
  }

  private String ensure(int count) {
    return StateTemplates.ensure(
        changesets.subList(0, count), TestDatabase.server(), TestConfig.schema());
  }

  /// Those of these changesets; other tests make templates at the same time.
  private List<String> templates(Statement statement) throws SQLException {
    List<String> names = new ArrayList<>(StateTemplates.names(changesets));
    StateTemplates.names(changesets).forEach(name -> names.add(name + "_rows"));
    List<String> found = new ArrayList<>();
    try (ResultSet row =
        statement.executeQuery(
            "SELECT datname FROM pg_database WHERE datname IN ('%s')"
                .formatted(String.join("', '", names)))) {
      while (row.next()) {
        found.add(row.getString(1));
      }
    }
    return found;
  }
}
