package dev.sheaf.search;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.HashSet;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A search of several collections, whose hits are in one order.
@Schema(
    name = "FederatedSearch",
    examples =
        """
        {"collections": ["articles", "manuals"], "search": {"text": "spring tides", "mode": "hybrid"}}
        """)
public record FederatedSearchRequest(
    @Schema(minItems = 1, maxItems = 16, examples = "[\"articles\", \"manuals\"]")
        List<String> collections,
    SearchRequest search) {

  static final int MAX_COLLECTIONS = 16;

  public FederatedSearchRequest(
      @Nullable List<String> collections, @Nullable SearchRequest search) {
    List<String> names = Input.required("collections", collections);
    if (names.isEmpty() || names.size() > MAX_COLLECTIONS) {
      throw Problem.field(
          "collections",
          "collections must have 1 to %s names, not %s.".formatted(MAX_COLLECTIONS, names.size()));
    }
    var different = new HashSet<String>();
    for (String name : names) {
      if (!different.add(Input.required("collections", name))) {
        throw Problem.field("collections", "collections contains the name " + name + " twice.");
      }
    }
    this.collections = List.copyOf(names);
    this.search = Input.required("search", search);
    requireSupported(
        "like",
        this.search.like() == null
            && this.search.alsoLike().isEmpty()
            && this.search.unlike().isEmpty(),
        "Send the vector of the example as vector");
    requireSupported("facets", this.search.facets().isEmpty(), "Count in each collection");
    requireSupported("explain", !this.search.explain(), "Explain the search of each collection");
  }

  private static void requireSupported(String field, boolean isAbsent, String instead) {
    if (!isAbsent) {
      throw Problem.field(
          "search." + field,
          "search.%s is for a search of one collection. %s.".formatted(field, instead));
    }
  }
}
