package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import dev.sheaf.http.BoundedJson;
import dev.sheaf.problem.Problem;
import java.io.IOException;
import java.io.StringWriter;

/// The metadata of a document that a client sends. It stays text, because a tree would need many
/// times the memory.
///
/// @param json a JSON object that PostgreSQL's `jsonb` can store
@JsonDeserialize(using = Metadata.Deserializer.class)
public record Metadata(String json) {

  static final int MAX_BYTES = 256 * 1024;
  static final int MAX_VALUES = 10_000;

  static final Metadata EMPTY = new Metadata("{}");

  static final class Deserializer extends StdDeserializer<Metadata> {

    private static final long serialVersionUID = 1L;

    private static final BoundedJson.Limit LIMIT = new BoundedJson.Limit(MAX_VALUES, MAX_BYTES);

    Deserializer() {
      super(Metadata.class);
    }

    @Override
    public Metadata deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (!parser.hasToken(JsonToken.START_OBJECT)) {
        throw Problem.field("metadata", "metadata must be an object.");
      }
      var json = new StringWriter();
      try (JsonGenerator out = parser.getCodec().getFactory().createGenerator(json)) {
        BoundedJson.copy(parser, out, LIMIT);
      }
      return new Metadata(json.toString());
    }

    @Override
    public Metadata getNullValue(DeserializationContext context) {
      return EMPTY;
    }
  }
}
