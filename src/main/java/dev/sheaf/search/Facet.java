package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.filter.FieldSql;
import dev.sheaf.filter.Filter;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Counts documents by the values of a field, or by ranges of its values.
///
/// @param field as a filter names it
/// @param limit number of values that are returned, the most frequent first
/// @param ranges instead of values
@Schema(name = "Facet")
public record Facet(
    @Schema(examples = "topic") String field,
    @Schema(defaultValue = "10", minimum = "1", maximum = "200") Integer limit,
    @Schema(nullable = true, maxItems = 50) List<Range> ranges) {

  static final int MAX_FACETS = 10;

  private static final int MAX_LIMIT = 200;
  private static final int MAX_RANGES = 50;

  public Facet(@Nullable String field, @Nullable Integer limit, @Nullable List<Range> ranges) {
    this.field = Input.required("field", field);
    this.limit = Input.range("limit", limit, 1, MAX_LIMIT, 10);
    this.ranges = ranges == null ? List.of() : List.copyOf(ranges);
    if (this.ranges.isEmpty()) {
      FieldSql.of("field", this.field);
    }
    if (this.ranges.size() > MAX_RANGES) {
      throw Problem.field("ranges", "ranges may have at most " + MAX_RANGES + " elements.");
    }
    for (int i = 0; i < this.ranges.size(); i++) {
      this.ranges.get(i).filter("ranges[" + i + "]", this.field);
    }
  }

  /// A half-open range, which compares values as a filter does.
  ///
  /// @param from the smallest value, a number, a text or a time; absent if there is no smallest
  /// @param to the first value that is too large; absent if none is
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "FacetRange")
  public record Range(
      @Schema(implementation = Object.class, description = "A number, a text or a date")
          @Nullable JsonNode from,
      @Schema(implementation = Object.class, description = "A number, a text or a date")
          @Nullable JsonNode to) {

    /// The condition that a value is in this range.
    ///
    /// @param at the path in the body, for messages
    Filter filter(String at, String field) {
      ObjectNode bounds = JsonNodeFactory.instance.objectNode();
      if (isGiven(from)) {
        bounds.set("$gte", from);
      }
      if (isGiven(to)) {
        bounds.set("$lt", to);
      }
      if (bounds.isEmpty()) {
        throw Problem.field(at, at + " must have from or to.");
      }
      return Filter.parse(at, JsonNodeFactory.instance.objectNode().set(field, bounds));
    }

    private static boolean isGiven(@Nullable JsonNode bound) {
      return bound != null && !bound.isNull();
    }
  }
}
