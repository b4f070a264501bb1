package dev.sheaf.search;

import java.util.List;

/// What was found, best first, and how.
///
/// @param strategy the plan that ran
/// @param exact whether every vector was compared, so that nothing nearer can have been missed
/// @param took milliseconds in this service, the embedding of the text included
public record SearchResponse(List<Hit> hits, Strategy strategy, boolean exact, double took) {}
