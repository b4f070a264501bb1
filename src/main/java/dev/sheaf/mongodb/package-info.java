/// Collections and indexes of an optional MongoDB. `sheaf migrate seed` creates what
/// `db/mongodb/<module>/indexes.json` declares, and `verify` compares. Only commands use this
/// package; the service does not load the driver.
@NullMarked
package dev.sheaf.mongodb;

import org.jspecify.annotations.NullMarked;
