/// Changelog files: names, parser, directives, validation, splitting of SQL, modules.
@NullMarked
package dev.sheaf.migration.changelog;

import org.jspecify.annotations.NullMarked;
