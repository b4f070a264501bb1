package dev.sheaf.migration.lint.rule;

import java.util.Set;

/// What the application stores and searches, which the schema has to fit.
///
/// @param widths of the configured models' vectors; empty when they are not known
/// @param operatorClasses that its searches use, such as `halfvec_cosine_ops`
public record Vectors(Set<Integer> widths, Set<String> operatorClasses) {

  public Vectors {
    widths = Set.copyOf(widths);
    operatorClasses = Set.copyOf(operatorClasses);
  }
}
