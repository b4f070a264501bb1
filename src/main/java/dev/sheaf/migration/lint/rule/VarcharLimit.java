package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A length that somebody guessed.
final class VarcharLimit implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "The limit is part of the type: the day it is too small is an outage, and to make it smaller rewrites the table.",
        "make it text, with a CHECK (length(...) <= n) NOT VALID where the limit is real");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewColumn.of(observation)
        .filter(c -> c.column().typeName().equals("varchar") && c.column().modifier() >= 0)
        .map(c -> c.finding(this, c.name() + " is " + c.column().type()));
  }
}
