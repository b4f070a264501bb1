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
@JsonDeserialize(using = DocumentMetadata.Deserializer.class)
public record DocumentMetadata(String json) {

  static final int MAX_BYTES = 256 * 1024;
  static final int MAX_VALUES = 10_000;

  static final DocumentMetadata EMPTY = new DocumentMetadata("{}");

  static final class Deserializer extends StdDeserializer<DocumentMetadata> {

    private static final long serialVersionUID = 1L;

    private static final BoundedJson.Limit LIMIT = new BoundedJson.Limit(MAX_VALUES, MAX_BYTES);

    Deserializer() {
      super(DocumentMetadata.class);
    }

    @Override
    public DocumentMetadata deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (!parser.hasToken(JsonToken.START_OBJECT)) {
        throw Problem.field("", " must be an object.");
      }
      var json = new StringWriter();
      try (JsonGenerator out = parser.getCodec().getFactory().createGenerator(json)) {
        BoundedJson.copy(parser, out, LIMIT);
      }
      return new DocumentMetadata(json.toString());
    }

    @Override
    public DocumentMetadata getNullValue(DeserializationContext context) {
      return EMPTY;
    }
  }
}
