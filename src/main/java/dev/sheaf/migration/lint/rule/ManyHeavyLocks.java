package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reports a transaction that locks several tables.
final class ManyHeavyLocks implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "Every table stays locked until all of them are locked and changed.",
        "change one table per changeset");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    if (!observation.changeset().transactional()) {
      return Stream.empty();
    }
    Set<Relation> locked = new LinkedHashSet<>();
    return observation
        .steps()
        .flatMap(step -> {
          Set<Relation> earlier = new LinkedHashSet<>(locked);
          observation.newlyBlocked(step).map(observation.before()::root).forEach(locked::add);
          Set<Relation> later = new LinkedHashSet<>(locked);
          later.removeAll(earlier);
          return earlier.isEmpty()
              ? Stream.empty()
              : later.stream().map(table -> finding(observation, step, table, earlier));
        });
  }

  private Finding finding(
      Observation observation, Step step, Relation table, Set<Relation> earlier) {
    return observation.finding(
        this,
        step,
        table,
        table.qualified(),
        "%s is locked while %s is still locked"
            .formatted(
                table.qualified(),
                earlier.stream().map(Relation::qualified).collect(Collectors.joining(", "))));
  }
}
