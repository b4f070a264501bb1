package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A point in time of which nobody knows where.
final class TimestampWithoutTimeZone implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "A timestamp keeps no zone: each session takes it for its own, and one hour a year happens twice.",
        "make it timestamptz, which is as large and means one moment");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewColumn.of(observation)
        .filter(c -> c.column().typeName().equals("timestamp"))
        .map(c -> c.finding(this, c.name() + " is " + c.column().type()));
  }
}
