/// Collections and indexes of a MongoDB beside PostgreSQL: what `db/mongodb/<module>/indexes.json`
/// asks for is created by `sheaf migrate seed` and compared by `verify`. Only commands come here; a
/// service that starts loads nothing of the driver.
@NullMarked
package dev.sheaf.mongodb;

import org.jspecify.annotations.NullMarked;
