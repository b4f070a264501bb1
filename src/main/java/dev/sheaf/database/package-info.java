/// What every user of the database shares: which failures are an outage, and how long it may be
/// silent. Knows no feature.
@NullMarked
package dev.sheaf.database;

import org.jspecify.annotations.NullMarked;
