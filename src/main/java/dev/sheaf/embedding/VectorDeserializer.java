package dev.sheaf.embedding;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import dev.sheaf.problem.Problem;
import java.io.IOException;

/// Deserializes a vector from an array of numbers or from a [Base64Vector].
public final class VectorDeserializer extends StdDeserializer<float[]> {

  private static final long serialVersionUID = 1L;

  VectorDeserializer() {
    super(float[].class);
  }

  @Override
  public float[] deserialize(JsonParser parser, DeserializationContext context) throws IOException {
    if (!parser.hasToken(JsonToken.VALUE_STRING)) {
      return context.readValue(parser, float[].class);
    }
    try {
      return Base64Vector.decode(parser.getText());
    } catch (IllegalArgumentException e) {
      throw Problem.field(
          "",
          " must be an array of numbers, or the base64 of 32-bit floats in little-endian order.");
    }
  }
}
