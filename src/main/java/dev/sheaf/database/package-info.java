/// Access to the database for all features: addresses, statements, transactions, locks, leases,
/// SQLSTATEs, timeouts, and the classification of failures.
@NullMarked
package dev.sheaf.database;

import org.jspecify.annotations.NullMarked;
