package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a vector index whose operator class no search uses.
final class UnusedOperatorClass implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "An HNSW or IVFFlat index serves only the distance of its operator class; a search with another distance scans the whole table.",
        "use the operator class of the search's metric: cosine, l2 or ip for vector or halfvec, or bit_hamming_ops");
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
