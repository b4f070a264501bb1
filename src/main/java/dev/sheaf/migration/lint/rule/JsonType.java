package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a column of type json.
final class JsonType implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "json is parsed on every use, cannot be compared or indexed, and makes SELECT DISTINCT fail.",
        "use jsonb");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewColumn.of(observation)
        .filter(c -> c.column().typeName().equals("json"))
        .map(c -> c.finding(this, c.name() + " is " + c.column().type()));
  }
}
