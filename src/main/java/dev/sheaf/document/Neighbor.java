package dev.sheaf.document;

import java.util.UUID;

/// A chunk that is near to a vector.
///
/// @param ordinal the chunk's position in the document, from 0
/// @param distance smaller is nearer, in the metric of the space, computed with all 32 bits
/// @param score larger is nearer: [dev.sheaf.embedding.Metric#score]
public record Neighbor(UUID documentId, int ordinal, double distance, double score) {}
