package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What was reranked.
///
/// @param by the model
/// @param hits number of hits that have a score of the model; they are the first ones
/// @param of number of hits that should have one
/// @param took time of the model, in milliseconds
/// @param because why some hits have no score, if so
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Reranked")
public record Reranked(String by, int hits, int of, double took, @Nullable String because) {}
