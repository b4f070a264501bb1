package dev.sheaf.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/// Writes results as JSON: durations in milliseconds, instants in ISO 8601, absent values omitted.
final class Json {

  static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .addModule(
              new SimpleModule()
                  .addSerializer(
                      Duration.class, writing((json, value) -> json.writeNumber(value.toMillis())))
                  .addSerializer(
                      Instant.class, writing((json, value) -> json.writeString(value.toString())))
                  .addSerializer(OperatorException.class, writing(Json::problem)))
          .build();

  private Json() {}

  static String pretty(Object value) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void problem(JsonGenerator json, OperatorException problem) throws IOException {
    json.writeStartObject();
    json.writeStringField("problem", problem.problem());
    json.writeStringField("hint", problem.hint());
    json.writeEndObject();
  }

  private interface ValueWriter<T> {
    void write(JsonGenerator json, T value) throws IOException;
  }

  private static <T> JsonSerializer<T> writing(ValueWriter<T> writer) {
    return new JsonSerializer<>() {
      @Override
      public void serialize(T value, JsonGenerator json, SerializerProvider provider)
          throws IOException {
        writer.write(json, value);
      }
    };
  }
}
