package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a column of type varchar(n).
final class VarcharLimit implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "The limit is part of the type: values that exceed it fail, and a smaller limit rewrites the table.",
        "use text, with a CHECK (length(...) <= n) NOT VALID if the limit is required");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewColumn.of(observation)
        .filter(c -> c.column().typeName().equals("varchar") && c.column().modifier() >= 0)
        .map(c -> c.finding(this, c.name() + " is " + c.column().type()));
  }
}
