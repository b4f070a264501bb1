package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Every row is looked up by the statement that adds a foreign key.
final class ForeignKeyValidatedUnderLock implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "A new foreign key reads the whole table while nobody can write to it or to the table it references.",
        "add it NOT VALID, and VALIDATE CONSTRAINT in a later changeset");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.addedConstraints(
        this, ConstraintKind.FOREIGN_KEY, "is read in full to validate");
  }
}
