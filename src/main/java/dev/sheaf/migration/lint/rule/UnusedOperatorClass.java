package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// An index that no search asks for.
final class UnusedOperatorClass implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "An HNSW or IVFFlat index serves the one distance of its operator class; a search by another reads the whole table.",
        "use the class of the metric that is searched by: cosine, l2 or ip, of vector or halfvec, or bit_hamming_ops");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewIndex.of(observation)
        .filter(c -> c.index().isOfVectors())
        .flatMap(c ->
            c.index().operatorClasses().stream()
                .filter(used -> !observation.vectors().operatorClasses().contains(used))
                .map(used ->
                    c.finding(
                        this,
                        "%s is built for %s, which no search uses".formatted(c.name(), used))));
  }
}
