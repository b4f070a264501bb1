package dev.sheaf.search;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.io.IOException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A stored document or chunk that is an example of what a search must find, or must not find.
///
/// @param document the client's id of the document
/// @param ordinal the chunk; if absent, the mean of all chunks
@Schema(name = "Like")
public record SimilarTo(
    @Schema(examples = "moon/tides") String document,
    @Schema(minimum = "0") @Nullable Integer ordinal) {

  public SimilarTo(@Nullable String document, @Nullable Integer ordinal) {
    this.document = Input.required("document", document);
    Input.storable("document", this.document);
    if (ordinal != null) {
      Input.range("ordinal", ordinal, 0, Integer.MAX_VALUE, 0);
    }
    this.ordinal = ordinal;
  }

  /// The most examples of a list.
  static final int MAX_EXAMPLES = 20;

  /// Checks a list of examples.
  static List<SimilarTo> examples(String field, @Nullable List<SimilarTo> examples) {
    if (examples == null) {
      return List.of();
    }
    if (examples.isEmpty() || examples.size() > MAX_EXAMPLES) {
      throw Problem.field(
          field,
          "%s must have 1 to %s elements, not %s.".formatted(field, MAX_EXAMPLES, examples.size()));
    }
    for (int i = 0; i < examples.size(); i++) {
      Input.required(field + "[" + i + "]", examples.get(i));
    }
    return List.copyOf(examples);
  }

  /// Reads one example, or an array of them.
  static final class OneOrMore extends StdDeserializer<List<SimilarTo>> {

    private static final long serialVersionUID = 1L;

    OneOrMore() {
      super(List.class);
    }

    @Override
    public List<SimilarTo> deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (parser.hasToken(JsonToken.START_ARRAY)) {
        return context.readValue(
            parser, context.getTypeFactory().constructCollectionType(List.class, SimilarTo.class));
      }
      return List.of(context.readValue(parser, SimilarTo.class));
    }
  }
}
