/// The migration engine: the values that all callers see. The engine does not depend on features;
/// features contribute changelogs and object templates.
@NullMarked
package dev.sheaf.migration;

import org.jspecify.annotations.NullMarked;
