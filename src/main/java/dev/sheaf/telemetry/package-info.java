/// What features have in common that let themselves be watched: series of collections, measurements
/// of the database, spans. Knows no feature.
@NullMarked
package dev.sheaf.telemetry;

import org.jspecify.annotations.NullMarked;
