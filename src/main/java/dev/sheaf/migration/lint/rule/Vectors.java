package dev.sheaf.migration.lint.rule;

import java.util.Set;

/// What the application stores and searches, for rules about vectors.
///
/// @param widths numbers of dimensions of the configured models; empty if unknown
/// @param operatorClasses operator classes that its searches use, such as `halfvec_cosine_ops`
public record Vectors(Set<Integer> widths, Set<String> operatorClasses) {

  public Vectors {
    widths = Set.copyOf(widths);
    operatorClasses = Set.copyOf(operatorClasses);
  }
}
