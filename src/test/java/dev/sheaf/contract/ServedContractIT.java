package dev.sheaf.contract;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The service serves the committed OpenAPI document.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class ServedContractIT {

  @Test
  void isTheCommittedOne() throws IOException {
    String served = given().accept("application/yaml").get("/q/openapi").asString();
    String committed = Files.readString(Contract.COMMITTED);

    assertThat(Contract.differences(Contract.parse(committed), Contract.parse(served)))
        .as("What %s does not say; `make openapi` writes it anew", Contract.COMMITTED)
        .isEmpty();
    assertThat(served).as("`make openapi` writes it as it is served").isEqualTo(committed);
  }

  @Test
  void aDifferenceIsSaidByItsPlace() throws IOException {
    JsonNode one = Contract.parse("{paths: {/a: {get: {tags: [x, y]}}, /b: {get: {}}}}");
    JsonNode other = Contract.parse("{paths: {/a: {get: {tags: [x, z]}}, /c: {get: {}}}}");

    assertThat(Contract.differences(one, other))
        .containsExactly(
            "/paths/~1a/get/tags/1 was \"y\", is \"z\"", "/paths/~1b is gone", "/paths/~1c is new");
  }

  /// Generators for TypeScript require every field that has a default.
  @Test
  void aFieldThatMayBeOmittedHasNoDefaultKeyword() throws IOException {
    JsonNode schemas =
        Contract.parse(Files.readString(Contract.COMMITTED)).requiredAt("/components/schemas");

    schemas
        .properties()
        .forEach(schema ->
            schema
                .getValue()
                .path("properties")
                .properties()
                .forEach(field ->
                    assertThat(field.getValue().has("default"))
                        .as(schema.getKey() + "." + field.getKey())
                        .isFalse()));
    assertThat(schemas.requiredAt("/SearchRequest/properties/limit/x-default").intValue())
        .isEqualTo(10);
    assertThat(schemas.at("/SearchRequest/required")).isEmpty();
    assertThat(schemas.at("/CreateCollection/required"))
        .extracting(JsonNode::asText)
        .containsExactly("name");
  }

  @Test
  void everyOperationHasANameOfItsOwn() throws IOException {
    List<String> names =
        Contract.committed().operations().stream().map(Contract.Operation::id).toList();

    assertThat(names).doesNotContain("").doesNotHaveDuplicates();
    assertThat(new HashSet<>(names)).hasSizeGreaterThan(25);
  }
}
