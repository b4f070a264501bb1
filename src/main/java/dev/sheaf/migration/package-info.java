/// The migration engine: the values that every caller sees. The engine knows no feature; features
/// bring changelogs and object templates.
@NullMarked
package dev.sheaf.migration;

import org.jspecify.annotations.NullMarked;
