package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.Objects;
import java.util.stream.Stream;

/// Reports an index that another index makes unnecessary.
final class RedundantIndex implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "Every write must maintain the index, and no query needs it.",
        "omit it; an index on (a, b) serves the same queries as an index on (a)");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    Catalog after = observation.after();
    return observation
        .created(Catalog::indexes)
        .filter(c -> c.value().valid() && !c.value().constrained())
        .filter(c -> !isRebuilt(observation, c.value()))
        .filter(c -> !after.isPartition(after.relation(c.value().table())))
        .flatMap(c ->
            after.indexes().values().stream()
                .filter(other -> other.oid() != c.value().oid() && covers(after, other, c.value()))
                .limit(1)
                .map(other -> {
                  String name = after.relation(c.value().oid()).qualified();
                  return observation.finding(
                      this,
                      c.step(),
                      name,
                      "%s serves no query that %s does not serve"
                          .formatted(name, after.relation(other.oid()).qualified()));
                }));
  }

  /// Whether REINDEX CONCURRENTLY replaced an existing index with this one.
  private static boolean isRebuilt(Observation observation, Index index) {
    return observation.before().indexes().values().stream()
        .anyMatch(old ->
            old.table() == index.table()
                && old.keys().equals(index.keys())
                && !observation.after().indexes().containsKey(old.oid()));
  }

  /// Whether `other` serves every query that `index` serves, and enforces the same uniqueness.
  private static boolean covers(Catalog catalog, Index other, Index index) {
    if (other.table() != index.table()
        || !other.valid()
        || !other.accessMethod().equals(index.accessMethod())
        || !Objects.equals(other.predicate(), index.predicate())
        || !other.included().containsAll(index.included())) {
      return false;
    }
    if (other.keys().equals(index.keys())) {
      // Of two equal indexes, the newer one is redundant.
      return (other.unique() || !index.unique())
          && catalog.relation(other.oid()).options().equals(catalog.relation(index.oid()).options())
          && (other.oid() < index.oid() || other.constrained() || other.unique() != index.unique());
    }
    return index.accessMethod().equals("btree")
        && !index.unique()
        && other.keys().size() > index.keys().size()
        && other.keys().subList(0, index.keys().size()).equals(index.keys());
  }
}
