package dev.sheaf.index;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The result of one recall measurement.
///
/// @param efSearch candidates that the index searches examined
/// @param recall fraction of the nearest vectors that they found, from 0 to 1
/// @param sampleSize number of searches
/// @param medianMs median time of an index search, the round trip to the database included, in
///   milliseconds
@Schema(name = "Measurement")
public record MeasuredRecall(int efSearch, double recall, int sampleSize, double medianMs) {}
