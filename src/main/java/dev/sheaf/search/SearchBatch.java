package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DatabindException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import dev.sheaf.http.Input;
import dev.sheaf.http.ProblemDocument;
import dev.sheaf.http.ProblemMapper;
import dev.sheaf.problem.Problem;
import java.io.IOException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
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
public record SearchBatch(
    @Schema(
            type = SchemaType.ARRAY,
            implementation = BatchedSearch.class,
            minItems = 1,
            maxItems = 100)
        List<Entry> searches) {

  private static final int MAX_SEARCHES = 100;

  /// Of all searches together, because the response contains all hits.
  private static final long MAX_HITS = 5_000;

  public SearchBatch(@Nullable List<Entry> searches) {
    this.searches = List.copyOf(Input.required("searches", searches));
    if (this.searches.isEmpty() || this.searches.size() > MAX_SEARCHES) {
      throw Problem.field(
          "searches",
          "searches must have 1 to %s elements, not %s."
              .formatted(MAX_SEARCHES, this.searches.size()));
    }
    long hits = this.searches.stream().mapToLong(Entry::hits).sum();
    if (hits > MAX_HITS) {
      throw Problem.field(
          "searches",
          "The searches ask for %s hits together, but a batch has at most %s. Lower limit, or send several batches."
              .formatted(hits, MAX_HITS));
    }
  }

  /// An entry of a batch. A search that is not valid does not affect the others, so its problem is
  /// a part of the answer.
  @JsonDeserialize(using = EntryDeserializer.class)
  sealed interface Entry {

    /// The path of the entry in the body.
    private static String path(int index) {
      return "searches[" + index + "]";
    }

    /// The number of hits that it asks for.
    long hits();

    record Valid(int index, BatchedSearch value) implements Entry {

      @Override
      public long hits() {
        return (long) value.search().limit() * value.search().groupSize();
      }

      /// The same problem of this entry.
      Problem located(Problem problem) {
        return problem.at(path(index) + ".search");
      }
    }

    record Invalid(Problem problem) implements Entry {

      @Override
      public long hits() {
        return 0;
      }
    }
  }

  /// Deserializes an entry. If it is not valid, skips the rest of it.
  static final class EntryDeserializer extends StdDeserializer<Entry> {

    private static final long serialVersionUID = 1L;

    EntryDeserializer() {
      super(Entry.class);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // The parser has one context for each level.
    public Entry deserialize(JsonParser parser, DeserializationContext context) throws IOException {
      boolean isObject = parser.hasToken(JsonToken.START_OBJECT);
      JsonStreamContext current = parser.getParsingContext();
      JsonStreamContext array =
          parser.currentToken().isStructStart() ? current.getParent() : current;
      int index = array.getCurrentIndex();
      if (!isObject) {
        parser.skipChildren();
        return noObject(index);
      }
      try {
        return new Entry.Valid(index, context.readValue(parser, BatchedSearch.class));
      } catch (DatabindException e) {
        while (parser.getParsingContext() != array) {
          parser.nextToken();
        }
        return new Entry.Invalid(ProblemMapper.problem(e).at(Entry.path(index)));
      }
    }

    @Override
    public Entry getNullValue(DeserializationContext context) {
      return noObject(context.getParser().getParsingContext().getCurrentIndex());
    }

    private static Entry noObject(int index) {
      String path = Entry.path(index);
      return new Entry.Invalid(Problem.field(path, path + " must be an object."));
    }
  }

  /// One search of a batch.
  @Schema(name = "SearchOfBatch")
  public record BatchedSearch(
      @Schema(examples = "articles") String collection, SearchRequest search) {

    public BatchedSearch(@Nullable String collection, @Nullable SearchRequest search) {
      this.collection = Input.required("collection", collection);
      this.search = Input.required("search", search);
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
