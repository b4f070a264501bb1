package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Text that is padded with blanks.
final class CharType implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "char(n) is padded to its length and compared without the padding; it is neither smaller nor faster.",
        "make it text, with a CHECK where the length matters");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return NewColumn.of(observation)
        .filter(c -> c.column().typeName().equals("bpchar"))
        .map(c -> c.finding(this, c.name() + " is " + c.column().type()));
  }
}
