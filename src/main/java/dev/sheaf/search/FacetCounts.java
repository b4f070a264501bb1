package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The counts of a [Facet].
///
/// @param values the most frequent values; absent if ranges were counted
/// @param distinct number of different values; absent if ranges were counted
/// @param ranges in the order of the request; absent if values were counted
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "FacetCounts")
public record FacetCounts(
    @Nullable List<ValueCount> values, @Nullable Long distinct, @Nullable List<RangeCount> ranges) {

  /// Number of documents with a value. A document with an array has each of its elements.
  @Schema(name = "ValueCount")
  public record ValueCount(
      @JsonRawValue
          @Schema(
              implementation = Object.class,
              description = "A text, a number, true, false or null")
          String value,
      long documents) {}

  /// Number of documents whose value is in a range.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "RangeCount")
  public record RangeCount(
      @Schema(implementation = Object.class) @Nullable JsonNode from,
      @Schema(implementation = Object.class) @Nullable JsonNode to,
      long documents) {}

  /// Number of matches of a full-text search.
  @Schema(name = "Total")
  public record Total(long documents, long chunks) {}
}
