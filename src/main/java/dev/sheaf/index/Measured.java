package dev.sheaf.index;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// What a measurement of recall found.
///
/// @param efSearch candidates that the index searches looked at
/// @param recall the share of the nearest that they found, from 0 to 1
/// @param sampleSize vectors that were searched for
/// @param medianMs what an index search took in the database and on the way there, in milliseconds
@Schema(name = "Measurement")
public record Measured(int efSearch, double recall, int sampleSize, double medianMs) {}
