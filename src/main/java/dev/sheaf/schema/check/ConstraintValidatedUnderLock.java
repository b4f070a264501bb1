package dev.sheaf.schema.check;

import dev.sheaf.schema.check.Catalog.ConstraintKind;
import java.util.stream.Stream;

/// Every row is checked by the statement that adds a CHECK.
final class ConstraintValidatedUnderLock implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "A new CHECK reads the whole table while nobody can read or write it.",
        "add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.addedConstraints(this, ConstraintKind.CHECK, "is read in full to validate");
  }
}
