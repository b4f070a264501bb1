package dev.sheaf.embedding;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import dev.sheaf.api.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;

/// Reads a vector: an array of numbers, or the base64 of 32-bit floats in little-endian order,
/// which is a third as long and costs no parsing of decimals.
public final class VectorDeserializer extends StdDeserializer<float[]> {

  private static final long serialVersionUID = 1L;

  public VectorDeserializer() {
    super(float[].class);
  }

  @Override
  public float[] deserialize(JsonParser parser, DeserializationContext context) throws IOException {
    return parser.hasToken(JsonToken.VALUE_STRING)
        ? base64(parser.getText())
        : context.readValue(parser, float[].class);
  }

  private static float[] base64(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (bytes.length % Float.BYTES == 0) {
        float[] vector = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
        return vector;
      }
    } catch (IllegalArgumentException e) {
      // Not base64: the same answer as for base64 of half a number.
    }
    throw Problem.field(
        "vector",
        "vector must be an array of numbers, or the base64 of 32-bit floats in little-endian order");
  }
}
