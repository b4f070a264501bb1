package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.sheaf.http.Input;
import dev.sheaf.http.ProblemDocument;
import dev.sheaf.problem.Problem;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Many searches in one request.
@Schema(
    name = "SearchBatch",
    examples =
        """
        {"searches": [
          {"collection": "articles", "search": {"text": "why do we see one side of the moon", "limit": 3}},
          {"collection": "articles", "search": {"text": "tide", "mode": "fulltext"}}]}
        """)
public record SearchBatch(@Schema(minItems = 1, maxItems = 100) List<BatchedSearch> searches) {

  private static final int MAX_SEARCHES = 100;

  /// Of all searches together, because the response contains all hits.
  private static final long MAX_HITS = 5_000;

  public SearchBatch(@Nullable List<BatchedSearch> searches) {
    this.searches = List.copyOf(Input.required("searches", searches));
    if (this.searches.isEmpty() || this.searches.size() > MAX_SEARCHES) {
      throw Problem.field(
          "searches",
          "searches must have 1 to %s elements, not %s."
              .formatted(MAX_SEARCHES, this.searches.size()));
    }
    long hits =
        this.searches.stream()
            .mapToLong(one -> (long) one.search().limit() * one.search().groupSize())
            .sum();
    if (hits > MAX_HITS) {
      throw Problem.field(
          "searches",
          "The searches ask for %s hits together, but a batch has at most %s. Lower limit, or send several batches."
              .formatted(hits, MAX_HITS));
    }
  }

  /// One search of a batch.
  @Schema(name = "SearchOfBatch")
  public record BatchedSearch(
      @Schema(examples = "articles") String collection, SearchRequest search) {

    public BatchedSearch(@Nullable String collection, @Nullable SearchRequest search) {
      this.collection = Input.required("searches.collection", collection);
      this.search = Input.required("searches.search", search);
    }
  }

  /// The answers, in the order of the searches.
  @Schema(name = "SearchBatchResponse")
  public record SearchBatchResponse(List<SearchAnswer> answers) {}

  /// Either the response of a search, or its problem.
  @Schema(name = "SearchAnswer")
  public record SearchAnswer(
      @JsonUnwrapped @Nullable SearchResponse response,
      @JsonUnwrapped @Nullable ProblemDocument problem) {}
}
