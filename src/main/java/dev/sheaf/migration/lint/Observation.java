package dev.sheaf.migration.lint;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.lint.rule.Vectors;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What PostgreSQL did when it ran a changeset.
///
/// @param changeset the changeset
/// @param before the catalog before its first statement
/// @param rows number of rows of each table before the first statement, by oid
/// @param all its statements, in order; the last one may have failed
/// @param allowances the changeset's allowances
/// @param target what is known about the database that the changeset is meant for
/// @param vectors what the application stores and searches
public record Observation(
    Changeset changeset,
    Catalog before,
    Map<Long, Long> rows,
    List<Step> all,
    List<Allowances.DeclaredAllowance> allowances,
    TargetDatabase target,
    Vectors vectors) {

  public Observation {
    rows = Map.copyOf(rows);
    all = List.copyOf(all);
    allowances = List.copyOf(allowances);
  }

  public Stream<Step> steps() {
    return all.stream();
  }

  /// The catalog after its last statement.
  public Catalog after() {
    return all.isEmpty() ? before : all.getLast().after();
  }

  /// Why the changeset failed; `null` if it succeeded.
  public @Nullable Failure failure() {
    return all.isEmpty() ? null : all.getLast().failure();
  }

  /// Whether a relation existed before the changeset.
  public boolean existed(long oid) {
    return before.relations().containsKey(oid);
  }

  /// Whether a relation existed before the changeset.
  public boolean existed(Relation relation) {
    return existed(relation.oid());
  }

  /// Whether a column existed before the changeset.
  public boolean existed(Catalog.Relation relation, Catalog.Column column) {
    return before.column(relation.oid(), column.number()) != null;
  }

  /// An object that the changeset creates.
  ///
  /// @param step the statement that creates it
  /// @param value the object after the changeset
  public record Created<T>(Step step, T value) {}

  /// The objects of one kind that the changeset creates: `created(Catalog::indexes)`.
  public <T> Stream<Created<T>> created(Function<Catalog, Map<Long, T>> kind) {
    Map<Long, T> old = kind.apply(before);
    return kind.apply(after()).entrySet().stream()
        .filter(entry -> !old.containsKey(entry.getKey()))
        .map(entry ->
            new Created<>(
                first(step -> kind.apply(step.after()).containsKey(entry.getKey())),
                entry.getValue()));
  }

  /// The first statement for which `condition` is true. There must be one.
  public Step first(Predicate<Step> condition) {
    return steps().filter(condition).findFirst().orElseThrow();
  }

  /// The value of a setting during `step` in the target database: the value that the changeset
  /// sets, or else the target's.
  public String setting(Step step, String name) {
    Step.Setting here = Objects.requireNonNull(step.settings().get(name));
    return here.chosen() ? here.value() : target.settings().getOrDefault(name, here.value());
  }

  /// The version of pgvector in the target database; `null` if it has none.
  public @Nullable String pgvector() {
    Catalog.Extension here = after().extensions().get("vector");
    return target.extensions().getOrDefault("vector", here == null ? null : here.version());
  }

  /// The tables that existed before the changeset, without partitions for sample rows.
  public Stream<Relation> tables() {
    return before.relations().values().stream()
        .filter(relation -> relation.kind().isTable() || relation.kind() == Kind.MATERIALIZED_VIEW)
        .filter(relation -> !before.isSamplePartition(relation));
  }

  /// Whether rows of `table` were updated or deleted before `step`.
  public boolean wrote(Relation table, Step step) {
    return all.subList(0, all.indexOf(step)).stream()
        .anyMatch(earlier -> earlier.activity(table.oid()).written() > 0);
  }

  /// Whether a table that existed has the same name and the same columns afterwards.
  public boolean keepsNames(Relation table) {
    Relation now = after().relations().get(table.oid());
    return now != null
        && now.qualified().equals(table.qualified())
        && names(now).equals(names(table));
  }

  private static List<String> names(Relation table) {
    return table.columns().stream().map(Catalog.Column::name).toList();
  }

  /// The existing tables whose writers are blocked by a lock that `step` takes.
  public Stream<Relation> newlyBlocked(Step step) {
    return tables()
        .filter(relation -> {
          LockMode earlier = step.heldBefore().get(relation.oid());
          LockMode now = step.held().get(relation.oid());
          return now != null && now.blocksWrites() && (earlier == null || !earlier.blocksWrites());
        });
  }

  /// A finding for each existing table, once per statement. A partition counts as its partitioned
  /// table.
  ///
  /// @param tables the affected tables of a step
  public Stream<Finding> onTables(
      Function<Step, Stream<Relation>> tables, BiFunction<Step, Relation, Finding> finding) {
    return steps()
        .flatMap(step ->
            tables
                .apply(step)
                .map(step.before()::root)
                .distinct()
                .filter(this::existed)
                .map(table -> finding.apply(step, table)));
  }

  /// A finding for each valid constraint of one kind that a statement adds to an existing table by
  /// scanning it.
  public Stream<Finding> addedConstraints(Rule rule, ConstraintKind kind, String message) {
    return steps()
        .flatMap(step ->
            step.created(Catalog::constraints)
                .filter(c -> c.kind() == kind && c.validated() && c.parent() == 0)
                .filter(c -> existed(c.table()) && step.scanned(c.table()))
                .filter(c -> !step.isRecreated(c))
                .map(c -> {
                  Relation table = step.before().relation(c.table());
                  return finding(
                      rule,
                      step,
                      table,
                      table.qualified() + "." + c.name(),
                      "%s %s %s".formatted(table.qualified(), message, c.name()));
                }));
  }

  /// A finding about a table, with its lock and its size in the target database.
  public Finding finding(Rule rule, Step step, Relation table, String object, String message) {
    return finding(rule, step, object, message)
        .withLock(step.lock(table.oid()))
        .withSize(target.size(table.qualified()));
  }

  /// A finding about any other object.
  public Finding finding(Rule rule, Step step, @Nullable String object, String message) {
    return new Finding(
        rule.name(),
        rule.about().severity(),
        changeset.file().shortPath(),
        step.statement().line(),
        step.statement().firstLine(),
        object,
        null,
        message,
        rule.hint(),
        null);
  }
}
