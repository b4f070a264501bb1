package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a column of type char(n).
final class CharType implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "char(n) is padded with spaces to its length and compared without them; it is neither smaller nor faster than text.",
        "use text, with a CHECK if the length matters");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewColumn.of(observation)
        .filter(c -> c.column().typeName().equals("bpchar"))
        .map(c -> c.finding(this, c.name() + " is " + c.column().type()));
  }
}
