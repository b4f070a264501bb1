package dev.sheaf.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.problem.Problem;
import java.io.IOException;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class BoundedJsonTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  static {
    new StrictJson().customize(MAPPER);
  }

  /// A body with two trees.
  record Body(JsonNode a, JsonNode b) {}

  @Test
  void copiesJsonAsItIs() throws Exception {
    for (String json :
        new String[] {
          "{\"a\":{\"n\":100,\"x\":[1,\"é😀\\n\",true,false,null,{}],\"empty\":[]},\"b\":0.10}",
          "[]",
          "\"text\"",
          "-12.50",
          "null"
        }) {
      assertThat(copy(json, 100, 1_000)).isEqualTo(json);
    }
  }

  @Test
  void readsTheSameTreeAsJackson() throws Exception {
    String json =
        "{\"metadata\":{\"n\":100,\"author\":{\"born\":1815,\"x\":[1.5,null]},\"odd\":null}}";

    assertThat(MAPPER.readValue(json, JsonNode.class))
        .isEqualTo(
            new ObjectMapper()
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .readTree(json));
  }

  @Test
  void countsValuesAndBytes() throws Exception {
    assertThat(copy("[1,[2,3]]", 5, 100)).isEqualTo("[1,[2,3]]");
    assertThatThrownBy(() -> copy("{\"metadata\":[1,[2,3]]}", 5, 100))
        .isInstanceOf(Problem.class)
        .hasMessage("metadata has more than 5 values.");
    assertThatThrownBy(() -> copy("{\"metadata\":\"" + "x".repeat(100) + "\"}", 5, 100))
        .isInstanceOf(Problem.class)
        .hasMessage("metadata has more than 100 bytes.");
    // PostgreSQL prints every digit.
    assertThatThrownBy(() -> copy("{\"metadata\":1e99}", 5, 100))
        .hasMessage("metadata has more than 100 bytes.");
  }

  @Test
  void namesThePathOfABadValue() {
    assertThatThrownBy(() -> copy("{\"metadata\":{\"a\":[1,{\"b\":\"x\\u0000\"}]}}", 9, 999))
        .hasMessageStartingWith("metadata.a[1].b contains U+0000 at position 1");
    assertThatThrownBy(() -> copy("{\"metadata\":{\"a\":{\"\\u0000\":1}}}", 9, 999))
        .hasMessageStartingWith("metadata.a contains U+0000 at position 0");
    assertThatThrownBy(() -> copy("{\"metadata\":{\"a\":[1e1000]}}", 9, 9_999))
        .hasMessage("metadata.a[0] has more than 1000 digits when written without an exponent.");
    assertThatThrownBy(() -> copy("[".repeat(101) + "]".repeat(101), 999, 9_999))
        .hasMessage("The value is nested more than 100 levels deep.");
  }

  /// The mapper of problems adds the path of the value.
  @Test
  void thePathBeginsAtTheValue() {
    assertThatThrownBy(() -> read("{\"a\":{\"k\":[{\"n\":1e1000}]}}"))
        .hasRootCauseMessage("k[0].n has more than 1000 digits when written without an exponent.");
    assertThatThrownBy(() -> read("{\"a\":\"\\u0000\"}"))
        .hasRootCauseMessage(
            " contains U+0000 at position 0, which PostgreSQL cannot store. Remove it.");
    assertThatThrownBy(() -> read("{\"a\":\"\\u0000\"}"))
        .satisfies(failure ->
            assertThat(ProblemMapper.problem(failure))
                .hasMessage(
                    "a contains U+0000 at position 0, which PostgreSQL cannot store. Remove it."));
    assertThatThrownBy(() -> read("{\"a\":{\"k\":%s}}".formatted("[".repeat(101))))
        .satisfies(failure ->
            assertThat(ProblemMapper.problem(failure))
                .hasMessage("The value is nested more than 100 levels deep.")
                .extracting(Problem::field)
                .asString()
                .startsWith("a.k[0][0]"));
  }

  @Test
  void allTreesOfABodyHaveOneLimit() throws Exception {
    String most = "[" + "1,".repeat(BoundedJson.MAX_TREE_VALUES / 2 - 2) + "1]";

    assertThat(read("{\"a\":%s,\"b\":%s}".formatted(most, most)).b()).hasSizeGreaterThan(9_000);
    assertThatThrownBy(() -> read("{\"a\":%s,\"b\":[%s]}".formatted(most, most)))
        .hasRootCauseMessage(" has more than 10000 values.");
    // The next body starts anew.
    assertThat(read("{\"a\":%s,\"b\":%s}".formatted(most, most)).b()).hasSizeGreaterThan(9_000);
  }

  private static Body read(String json) throws IOException {
    return MAPPER.readValue(json, Body.class);
  }

  private static String copy(String json, int values, long bytes) throws IOException {
    var copy = new StringWriter();
    try (JsonParser in = MAPPER.createParser(json);
        JsonGenerator out = MAPPER.createGenerator(copy)) {
      in.nextToken();
      BoundedJson.copy(in, out, new BoundedJson.Limit(values, bytes));
    }
    return copy.toString();
  }
}
