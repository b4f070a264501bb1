package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a foreign key that is validated by the statement that adds it.
final class ForeignKeyValidatedUnderLock implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "A new foreign key scans the whole table under locks that block writes to it and to the referenced table.",
        "add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.addedConstraints(this, ConstraintKind.FOREIGN_KEY, "is scanned to validate");
  }
}
