/// The migration engine: changelogs in modules, the gate at start, every verb, and what the catalog
/// looks like. It knows no feature; features bring changelogs and templates.
@NullMarked
package dev.sheaf.schema;

import org.jspecify.annotations.NullMarked;
