package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.CatalogObjects;
import dev.sheaf.migration.changelog.SqlStatement.TypeChange;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Severity;
import dev.sheaf.migration.lint.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reports how many rows of the target database violate what a changeset demands of them: NOT NULL,
/// CHECK, UNIQUE, FOREIGN KEY, EXCLUDE, and types that do not hold every value.
final class RowsViolateConstraint implements Rule {

  private static final String COUNTED_FAILURES =
      "SELECT current_setting('sheaf.violating')::bigint";

  /// What precedes the length of `varchar` and `char` in `atttypmod`.
  private static final int LENGTH_HEADER = 4;

  @Override
  public About about() {
    return Rule.error(
        "Rows of the target database violate a new constraint, so the changeset fails there.",
        "correct these rows first");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            demands(observation, step)
                .filter(demand -> observation.existed(demand.table()))
                .map(demand -> finding(observation, step, demand))
                .flatMap(Stream::ofNullable));
  }

  /// What rows have to fulfil.
  ///
  /// @param object such as `public.orders.orders_total_check`
  /// @param rule such as `CHECK ((total > 0))`
  /// @param tables the tables that are read
  /// @param statements the last one counts the rows that violate it; empty if that is not known
  /// @param enforced whether the statement fails on them
  private record Demand(
      Relation table,
      String object,
      String rule,
      List<Relation> tables,
      List<String> statements,
      boolean enforced) {}

  private @Nullable Finding finding(Observation observation, Step step, Demand demand) {
    String what = "rows of %s that violate %s".formatted(demand.table().qualified(), demand.rule());
    if (demand.statements().isEmpty()) {
      observation.target().rows().notCounted(what, "only PostgreSQL can tell, when it checks them");
      return null;
    }
    OptionalLong count =
        observation
            .target()
            .rows()
            .count(
                what,
                demand.tables().stream().map(Relation::qualified).toList(),
                demand.statements());
    if (count.orElse(0) == 0) {
      return null;
    }
    boolean corrected =
        !observation.changeset().directives().requiresBackfill().isEmpty()
            || observation
                .steps()
                .takeWhile(earlier -> !earlier.equals(step))
                .anyMatch(earlier ->
                    demand.tables().stream().anyMatch(table -> earlier.mayWrite(table.oid())));
    Finding finding =
        observation.finding(
            this,
            step,
            demand.table(),
            demand.object(),
            "%s %s of %s %s %s%s"
                .formatted(
                    count.getAsLong(),
                    count.getAsLong() == 1 ? "row" : "rows",
                    demand.table().qualified(),
                    count.getAsLong() == 1 ? "violates" : "violate",
                    demand.rule(),
                    corrected
                        ? " now; the changeset comes after a correction"
                        : demand.enforced() ? "" : ", which VALIDATE CONSTRAINT will reject"));
    return corrected || !demand.enforced() ? finding.withSeverity(Severity.WARNING) : finding;
  }

  private static Stream<Demand> demands(Observation observation, Step step) {
    Stream<Demand> constraints =
        Stream.concat(
                step.created(Catalog::constraints),
                step.changed(Catalog::constraints)
                    .filter(c -> !c.before().validated() && c.after().validated())
                    .map(Step.Changed::after))
            .filter(c -> c.table() != 0 && c.parent() == 0 && c.parents() == 0)
            .filter(c -> observation.existed(c.table()))
            .filter(c -> !step.isRecreated(c))
            .flatMap(c -> Stream.ofNullable(ofConstraint(observation, step, c)));
    Stream<Demand> keys =
        step.created(Catalog::indexes)
            .filter(index -> index.unique() && observation.existed(index.table()))
            .filter(index -> step.isTopmost(step.after(), step.before(), index.oid()))
            .filter(index -> !step.isRewritten(index.table()))
            .flatMap(index -> Stream.ofNullable(ofKey(observation, step, index)));
    Stream<Demand> columns =
        step.changedColumns()
            .filter(c -> observation.existed(c.table()))
            .flatMap(c ->
                Stream.of(ofNotNull(observation, c), ofType(observation, step, c))
                    .flatMap(Stream::ofNullable));
    return Stream.of(constraints, keys, columns).flatMap(demand -> demand);
  }

  private static @Nullable Demand ofConstraint(Observation observation, Step step, Constraint c) {
    Relation table = observation.before().relation(c.table());
    String object = table.qualified() + "." + c.name();
    String rule = c.name() + ": " + c.definition().replaceFirst(" NOT VALID$", "");
    return switch (c.kind()) {
      case CHECK ->
          new Demand(
              table,
              object,
              rule,
              List.of(table),
              List.of(
                  "SELECT count(*) FROM %s WHERE (%s) IS FALSE"
                      .formatted(table.fullReference(), c.expression())),
              c.validated());
      case FOREIGN_KEY -> ofForeignKey(observation, step, table, object, rule, c);
      case EXCLUSION ->
          new Demand(
              table, object, rule, List.of(table), ofExclusion(observation, step, table, c), true);
      // Keys are their indexes; of PostgreSQL 18 also what NOT NULL is in others.
      case PRIMARY_KEY, UNIQUE, TRIGGER, NOT_NULL -> null;
    };
  }

  private static @Nullable Demand ofForeignKey(
      Observation observation,
      Step step,
      Relation table,
      String object,
      String rule,
      Constraint key) {
    List<String> own = names(observation, table.oid(), key.columns());
    if (own.isEmpty()) {
      return null;
    }
    List<String> referenced = names(observation, key.referenced(), key.referencedColumns());
    if (referenced.isEmpty()) {
      observation
          .target()
          .rows()
          .notCounted(
              "rows of %s that violate %s".formatted(table.qualified(), rule),
              step.after().relation(key.referenced()).qualified() + " is new, or its column is");
      return null;
    }
    List<String> pairs = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      pairs.add("referenced.%s = own.%s".formatted(referenced.get(i), own.get(i)));
    }
    String columns = own.stream().map("own."::concat).collect(Collectors.joining(", "));
    Relation other = observation.before().relation(key.referenced());
    String partial =
        key.definition().contains(" MATCH FULL")
            ? "num_nulls(%1$s) BETWEEN 1 AND %2$s OR ".formatted(columns, own.size() - 1)
            : "";
    return new Demand(
        table,
        object,
        rule,
        List.of(table, other),
        List.of(
            "SELECT count(*) FROM %s own WHERE %snum_nulls(%s) = 0 AND NOT EXISTS (SELECT FROM %s referenced WHERE %s)"
                .formatted(
                    only(table), partial, columns, only(other), String.join(" AND ", pairs))),
        key.validated());
  }

  private static @Nullable Demand ofKey(Observation observation, Step step, Index index) {
    Relation table = observation.before().relation(index.table());
    List<String> keys =
        new ArrayList<>(
            names(
                observation,
                table.oid(),
                index.columns().stream().filter(number -> number != 0).toList()));
    if (index.expressions() != null) {
      keys.add(index.expressions());
    }
    if (keys.isEmpty()) {
      return null;
    }
    String key = String.join(", ", keys);
    List<String> conditions = new ArrayList<>();
    if (index.predicate() != null) {
      conditions.add("(" + index.predicate() + ")");
    }
    if (!index.definition().contains(" NULLS NOT DISTINCT")) {
      conditions.add("num_nulls(" + key + ") = 0");
    }
    String name = step.after().relation(index.oid()).name();
    return new Demand(
        table,
        table.qualified() + "." + name,
        "%s: UNIQUE (%s)%s"
            .formatted(name, key, index.predicate() == null ? "" : " WHERE " + index.predicate()),
        List.of(table),
        List.of(
            "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM %s%s GROUP BY %s HAVING count(*) > 1) d"
                .formatted(
                    only(table),
                    conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions),
                    key)),
        true);
  }

  /// Counts each row that cannot stand beside another one.
  private static List<String> ofExclusion(
      Observation observation, Step step, Relation table, Constraint c) {
    List<Integer> columns = c.columns().stream().filter(number -> number != 0).toList();
    if (!columns.isEmpty() && names(observation, table.oid(), columns).isEmpty()) {
      return List.of();
    }
    List<String> keys = new ArrayList<>();
    List<String> conflicts = new ArrayList<>();
    for (int i = 0; i < c.compared().size(); i++) {
      keys.add("%s AS k%s".formatted(c.compared().get(i), i));
      conflicts.add("one.k%1$s %2$s other.k%1$s".formatted(i, c.operators().get(i)));
    }
    String predicate = Objects.requireNonNull(step.after().indexes().get(c.index())).predicate();
    String rows =
        "(SELECT ctid, %s FROM %s WHERE num_nulls(%s) = 0%s)"
            .formatted(
                String.join(", ", keys),
                only(table),
                String.join(", ", c.compared()),
                predicate == null ? "" : " AND (" + predicate + ")");
    return List.of(
        "SELECT count(*) FROM %1$s one WHERE EXISTS (SELECT FROM %1$s other WHERE one.ctid <> other.ctid AND %2$s)"
            .formatted(rows, String.join(" AND ", conflicts)));
  }

  /// Counts the rows for which an expression fails, or has no value that `after` accepts.
  private static List<String> ofUsing(
      Observation observation, Relation table, String using, Column after) {
    // What is too long fails; the cast in an expression would shorten it.
    @Nullable String tooLong =
        after.modifier() < 0
            ? ""
            : switch (after.typeName()) {
              case "varchar", "bpchar" ->
                  " OR char_length(rtrim((%s)::text, ' ')) > %s"
                      .formatted(using, after.modifier() - LENGTH_HEADER);
              case "bit" ->
                  " OR length((%s)::bit varying) <> %s".formatted(using, after.modifier());
              case "varbit" ->
                  " OR length((%s)::bit varying) > %s".formatted(using, after.modifier());
              default -> after.typeName().startsWith("_") ? null : "";
            };
    boolean hasForeign =
        observation.before().relations().values().stream()
            .anyMatch(other ->
                other.kind() == Kind.FOREIGN_TABLE && other.inherits().contains(table.reference()));
    if (tooLong == null || hasForeign) {
      return List.of();
    }
    // It has to be computed where null is accepted, too.
    String condition =
        "(num_nulls((%s)::%s) > %s%s)"
            .formatted(using, after.type(), after.notNull() ? 0 : 1, tooLong);
    return List.of(
        "DO " + CatalogObjects.literal(countFailures(table, condition)), COUNTED_FAILURES);
  }

  /// Counts the rows for which a condition is true or fails, in the blocks of a table and of those
  /// that inherit from it: all rows of a block at once, and each by itself where that fails. Only
  /// `DO` can go on after a failure without creating something.
  private static String countFailures(Relation table, String condition) {
    return """
    DECLARE
        part      regclass;
        block     bigint;
        violating bigint := 0;
        found     bigint;
        rows      text;
        one       tid;
    BEGIN
        FOR part IN WITH RECURSIVE tree (oid) AS (
                        SELECT %1$s::regclass::oid
                        UNION
                        SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)
                    SELECT oid FROM tree JOIN pg_class USING (oid) WHERE relkind = 'r'
        LOOP
            FOR block IN 0 .. pg_relation_size(part) / current_setting('block_size')::bigint - 1 LOOP
                rows := format(' FROM ONLY %%s AS %%s WHERE ctid >= %%L AND ctid < %%L', part, %2$s,
                               format('(%%s,0)', block), format('(%%s,0)', block + 1));
                BEGIN
                    EXECUTE 'SELECT count(*)' || rows || ' AND ' || %3$s INTO found;
                    violating := violating + found;
                EXCEPTION WHEN data_exception OR integrity_constraint_violation OR plpgsql_error THEN
                    FOR one IN EXECUTE 'SELECT ctid' || rows LOOP
                        BEGIN
                            EXECUTE format('SELECT count(*) FROM ONLY %%s AS %%s WHERE ctid = %%L AND ', part, %2$s, one)
                                    || %3$s INTO found;
                            violating := violating + found;
                        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR plpgsql_error THEN
                            violating := violating + 1;
                        END;
                    END LOOP;
                END;
            END LOOP;
        END LOOP;
        PERFORM set_config('sheaf.violating', violating::text, true);
    END
    """
        .formatted(
            CatalogObjects.literal(table.fullReference()),
            CatalogObjects.literal(table.quoted()),
            CatalogObjects.literal(condition));
  }

  private static @Nullable Demand ofNotNull(Observation observation, Step.ChangedColumn column) {
    Column before = observation.before().column(column.table().oid(), column.before().number());
    if (column.before().notNull() || !column.after().notNull() || before == null) {
      return null;
    }
    Relation table = observation.before().relation(column.table().oid());
    return new Demand(
        table,
        column.qualified(),
        column.before().name() + ": NOT NULL",
        List.of(table),
        List.of(
            "SELECT count(*) FROM %s WHERE %s IS NULL"
                .formatted(table.fullReference(), before.quoted())),
        true);
  }

  private static @Nullable Demand ofType(
      Observation observation, Step step, Step.ChangedColumn column) {
    Column before = observation.before().column(column.table().oid(), column.before().number());
    if (before == null
        || column.before().type().equals(column.after().type())
        || column.before().parents() > 0) {
      return null;
    }
    Relation table = observation.before().relation(column.table().oid());
    String rule = "%s: %s".formatted(column.before().name(), column.after().type());
    Optional<TypeChange> change = step.statement().typeChange(column.before().name());
    String using = change.map(TypeChange::using).orElse(null);
    if (change.isEmpty() || using != null) {
      return new Demand(
          table,
          column.qualified(),
          rule,
          List.of(table),
          using == null ? List.of() : ofUsing(observation, table, using, column.after()),
          true);
    }
    String condition = tooLarge(before, column.after());
    return condition == null
        ? null
        : new Demand(
            table,
            column.qualified(),
            rule,
            List.of(table),
            List.of("SELECT count(*) FROM %s WHERE %s".formatted(table.fullReference(), condition)),
            true);
  }

  /// The condition that a value of `before` does not fit into `after`; `null` if all do, or it is
  /// not known.
  private static @Nullable String tooLarge(Column before, Column after) {
    String value = before.quoted();
    if (before.typeCategory().equals("N")) {
      String rounded = "round(%s::numeric%s)";
      return switch (after.typeName()) {
        case "int2" -> outside(rounded.formatted(value, ""), Short.MIN_VALUE, Short.MAX_VALUE);
        case "int4" -> outside(rounded.formatted(value, ""), Integer.MIN_VALUE, Integer.MAX_VALUE);
        case "int8" -> outside(rounded.formatted(value, ""), Long.MIN_VALUE, Long.MAX_VALUE);
        case "numeric" -> {
          if (after.modifier() < 0) {
            yield null;
          }
          int modifier = after.modifier() - LENGTH_HEADER;
          int precision = modifier >> 16;
          // PostgreSQL 15 allows a scale from -1000 to 1000, in eleven bits.
          int scale = ((modifier & 0x7ff) ^ 1024) - 1024;
          yield "abs(%s) >= 10::numeric ^ %s"
              .formatted(rounded.formatted(value, ", " + scale), precision - scale);
        }
        default -> null;
      };
    }
    boolean limited = after.typeName().equals("varchar") || after.typeName().equals("bpchar");
    return before.typeCategory().equals("S") && limited && after.modifier() >= 0
        ? "char_length(rtrim(%s::text, ' ')) > %s"
            .formatted(value, after.modifier() - LENGTH_HEADER)
        : null;
  }

  private static String outside(String value, long least, long greatest) {
    return String.format(Locale.ROOT, "%s NOT BETWEEN (%d) AND %d", value, least, greatest);
  }

  /// The names of columns before the changeset; empty if one of them is new.
  private static List<String> names(Observation observation, long table, List<Integer> numbers) {
    List<@Nullable Column> columns = new ArrayList<>();
    numbers.forEach(number -> columns.add(observation.before().column(table, number)));
    return columns.stream().anyMatch(Objects::isNull)
        ? List.of()
        : columns.stream().map(column -> Objects.requireNonNull(column).quoted()).toList();
  }

  /// A table without those that inherit from it, for which constraints of these kinds do not count.
  private static String only(Relation table) {
    return (table.kind() == Kind.TABLE ? "ONLY " : "") + table.fullReference();
  }
}
