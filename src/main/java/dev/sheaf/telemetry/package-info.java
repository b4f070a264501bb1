/// What the features need for monitoring: series for each collection, measurements of the database,
/// spans. Depends on no feature.
@NullMarked
package dev.sheaf.telemetry;

import org.jspecify.annotations.NullMarked;
