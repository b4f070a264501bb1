package dev.sheaf.migration.lint.rule;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.ChangesetText;
import dev.sheaf.migration.lint.Allowances;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.StatementObserver;
import dev.sheaf.migration.lint.TargetDatabase;
import dev.sheaf.testing.GermanPostgres;
import dev.sheaf.testing.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Observes a changeset on a database in a given state, and returns the findings.
///
/// All tests share one database, which is emptied between them. pgvector stays, in its own schema.
public final class RuleHarness {

  /// Of each lane of tests.
  private static final ThreadLocal<TestDatabase> DATABASES =
      ThreadLocal.withInitial(RuleHarness::database);

  /// What Sheaf itself stores and searches.
  public static final Vectors VECTORS =
      new Vectors(
          Set.of(384),
          Set.of(
              "vector_cosine_ops",
              "vector_l2_ops",
              "vector_ip_ops",
              "halfvec_cosine_ops",
              "halfvec_l2_ops",
              "halfvec_ip_ops",
              "bit_hamming_ops"));

  private static final String EMPTY =
      """
      DO $$
      DECLARE
          name text;
      BEGIN
          FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$|extensions$)' LOOP
              EXECUTE format('DROP SCHEMA %I CASCADE', name);
          END LOOP;
          CREATE SCHEMA public;
      END $$
      """;

  private RuleHarness() {}

  private static TestDatabase database() {
    TestDatabase database = TestDatabase.create();
    try {
      database.execute("CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions");
      database.execute(
          "ALTER DATABASE %s SET search_path = public, extensions"
              .formatted(database.address().database()));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return database;
  }

  /// The findings of one rule in a transactional changeset, whose first line is line 3.
  ///
  /// @param given SQL that creates the state before it
  static String findings(Rule rule, String given, String changeset) {
    return text(rule.judge(observe(given, "", changeset)).toList());
  }

  /// The same with a target database.
  static String findings(Rule rule, TargetDatabase target, String given, String changeset) {
    return text(rule.judge(observe(target, given, "", changeset)).toList());
  }

  /// The same with a non-transactional changeset.
  static String findingsOutsideTransaction(Rule rule, String given, String changeset) {
    return text(rule.judge(observe(given, " runInTransaction:false", changeset)).toList());
  }

  /// The findings of all rules that the changeset does not allow.
  static String findings(String given, String changeset) {
    return text(Rules.judge(observe(given, "", changeset)));
  }

  /// The same with a non-transactional changeset.
  public static String allFindingsOutsideTransaction(String given, String changeset) {
    return text(Rules.judge(observe(given, " runInTransaction:false", changeset)));
  }

  /// The observation of a changeset.
  ///
  /// @param attributes attributes of its `--changeset` line
  public static Observation observe(String given, String attributes, String changeset) {
    return observe(TargetDatabase.UNKNOWN, given, attributes, changeset);
  }

  /// The same on a server that writes its messages in German.
  static Observation observeInGerman(String given, String changeset) {
    return observe(
        GermanPostgres.of(DATABASES.get().address()), TargetDatabase.UNKNOWN, given, "", changeset);
  }

  private static Observation observe(
      TargetDatabase target, String given, String attributes, String changeset) {
    return observe(DATABASES.get().address(), target, given, attributes, changeset);
  }

  private static Observation observe(
      DatabaseAddress address,
      TargetDatabase target,
      String given,
      String attributes,
      String changeset) {
    try {
      DATABASES.get().execute(EMPTY);
      DATABASES.get().execute(given);
    } catch (SQLException e) {
      throw new IllegalStateException(given, e);
    }
    String text =
        "--liquibase formatted sql\n--changeset core:002%s\n%s\n--rollback empty because it is a test\n"
            .formatted(attributes, changeset.stripTrailing());
    return new StatementObserver(
            address, ChangesetText.defaults(), Allowances.IN_FILES, target, VECTORS)
        .observe(ChangesetText.parse("core", "002_change.sql", text));
  }

  private static String text(List<Finding> findings) {
    return findings.stream().map(finding -> finding + "\n").collect(Collectors.joining());
  }
}
