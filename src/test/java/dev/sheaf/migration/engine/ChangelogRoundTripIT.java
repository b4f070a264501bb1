package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.execute.ChangesetRunner;
import dev.sheaf.migration.execute.ChangesetSession;
import dev.sheaf.migration.execute.DataLossGuard;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.migration.history.EngineTables;
import dev.sheaf.migration.history.History;
import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Every changeset of every module, and every object template, is applied, rolled back and applied
/// again. The catalog after the rollback must be exactly the one before.
class ChangelogRoundTripIT {

  private static final Changelogs CHANGELOGS = Changelogs.bundled();

  @Test
  void everyChangesetIsUndoneByItsRollback() {
    try (TestDatabase database = TestDatabase.create()) {
      List<RollbackProof> proofs =
          TestConfig.migrations(database).prove(new ProofSelection.All(), null, _ -> {});

      assertThat(proofs)
          .isEqualTo(
              everyChangeset().stream()
                  .map(changeset ->
                      new RollbackProof(
                          changeset.label(),
                          RollbackProof.Verdict.PROVEN,
                          null,
                          List.of(),
                          List.of(),
                          List.of()))
                  .toList());
    }
  }

  /// What a function reads, PostgreSQL does not know. Without the column, no chunk could be
  /// written.
  @Test
  void aColumnThatATriggerReadsIsNotDroppedBeneathIt() {
    try (TestDatabase database = TestDatabase.migrated()) {
      assertThat(
              TestConfig.migrations(database)
                  .down("core", 4, Approval.NONE, new MigrationListener() {})
                  .problems())
          .singleElement()
          .asString()
          .contains(
              "core/008_chunk_title cannot be rolled back alone", "fulltext/003_search_with_title");
    }
  }

  @Test
  void theWholeSchemaGoesDownFromTheTop() throws SQLException {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect();
        ChangesetSession session =
            ChangesetSession.open(database.address(), TestConfig.schema(), connection)) {
      EngineTables.prepare(connection);
      CatalogSnapshot empty = CatalogSnapshot.of(connection);
      ChangesetRunner runner =
          new ChangesetRunner(
              connection,
              session,
              database.address(),
              TestConfig.schema(),
              new MigrationListener() {},
              Approval.NONE,
              DataLossGuard.NONE);
      Deque<Changeset> applied = new ArrayDeque<>();

      for (Changeset changeset : everyChangeset()) {
        runner.run(changeset, Direction.UP);
        applied.push(changeset);
      }
      for (Changeset changeset : applied) {
        runner.run(changeset, Direction.DOWN);
      }

      assertThat(CatalogSnapshot.of(connection)).hasToString(empty.toString());
      assertThat(History.read(connection)).isEmpty();
    }
  }

  @Test
  void everyTemplateIsUndoneByItsRollback() throws SQLException {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      TestConfig.migrations(database).up(new MigrationListener() {}).orThrow();
      ObjectTemplates templates = new ObjectTemplates(CHANGELOGS);
      for (String template : templates.names()) {
        Map<String, Object> parameters = parameters(template);
        connection.setAutoCommit(true);
        if (template.equals("space_index_swap")) {
          Map<String, Object> successor = parameters("space_index");
          successor.put("index", "embedding_42_hnsw_next");
          templates.apply(connection, "space_index", successor);
        }
        connection.setAutoCommit(!templates.isTransactional(template));
        CatalogSnapshot before = CatalogSnapshot.of(connection);

        templates.apply(connection, template, parameters);
        CatalogSnapshot up = CatalogSnapshot.of(connection);
        templates.revert(connection, template, parameters);
        CatalogSnapshot down = CatalogSnapshot.of(connection);
        templates.apply(connection, template, parameters);

        if (!template.equals("space_index_rebuild")) {
          assertThat(up).as(template + " changes something").isNotEqualTo(before);
        }
        assertThat(down).hasToString(before.toString());
        assertThat(CatalogSnapshot.of(connection))
            .as(template + " again")
            .hasToString(up.toString());
        if (templates.isTransactional(template)) {
          connection.commit();
        }
      }
    }
  }

  private static List<Changeset> everyChangeset() {
    // A module that requires another one is listed after it; core comes first.
    return Modules.everything(CHANGELOGS).enabled().stream()
        .flatMap(module -> CHANGELOGS.files().getOrDefault(module, List.of()).stream())
        .map(Changeset::of)
        .toList();
  }

  private static Map<String, Object> parameters(String template) {
    Map<String, Object> values = new HashMap<>();
    values.put("collection_id", 7L);
    values.put("parent", "embedding_half");
    values.put("space_id", 42L);
    values.put("index", "embedding_42_hnsw");
    values.put("field", "Year");
    values.put("dimensions", 384);
    values.put("element", "vector::halfvec(384)");
    values.put("operator_class", "halfvec_cosine_ops");
    values.put("m", 16);
    values.put("ef_construction", 64);
    String text = Objects.requireNonNull(CHANGELOGS.templates().get(template)).content().toString();
    values.keySet().removeIf(name -> !text.contains("${" + name + "}"));
    return values;
  }
}
