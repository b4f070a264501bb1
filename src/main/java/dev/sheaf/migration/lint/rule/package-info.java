/// The rules of the lint, one file each.
@NullMarked
package dev.sheaf.migration.lint.rule;

import org.jspecify.annotations.NullMarked;
