package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a column of type timestamp without time zone.
final class TimestampWithoutTimeZone implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "A timestamp has no time zone: each session reads it in its own zone, and one hour a year is ambiguous.",
        "use timestamptz, which has the same size and means one point in time");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewColumn.of(observation)
        .filter(c -> c.column().typeName().equals("timestamp"))
        .map(c -> c.finding(this, c.name() + " is " + c.column().type()));
  }
}
