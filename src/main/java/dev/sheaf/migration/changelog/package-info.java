/// Changelog files: names, the reader that understands them, directives, validation, the SQL
/// statements in them, modules.
@NullMarked
package dev.sheaf.migration.changelog;

import org.jspecify.annotations.NullMarked;
