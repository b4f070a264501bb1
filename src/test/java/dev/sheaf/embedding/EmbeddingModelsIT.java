package dev.sheaf.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A service without its default model.
@ExtendWith(DatabaseExtension.class)
class EmbeddingModelsIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void withoutADefaultModelServesWhatNeedsNone(TestDatabase database) throws Exception {
    try (SheafProcess sheaf =
        SheafProcess.start(database, Map.of("SHEAF_EMBEDDING_MODEL", "none"))) {
      var ready = JSON.readTree(ok(sheaf.send("GET", "/q/health/ready", "")));
      assertThat(ready.path("checks"))
          .anySatisfy(check -> {
            assertThat(check.path("name").asText()).isEqualTo("embedding-model");
            assertThat(check.path("data").path("model").asText()).isEqualTo("none");
          });

      assertThat(sheaf.send("POST", "/api/v1/collections", "{\"name\": \"texts\"}"))
          .satisfies(answer -> {
            assertThat(answer.statusCode()).isEqualTo(422);
            assertThat(answer.body())
                .contains("This service has no default model", "Name one of bge-small-en-v1.5");
          });
      assertThat(sheaf.send("POST", "/v1/embeddings", "{\"input\": \"a\"}").body())
          .contains("This service has no default model");

      ok(
          sheaf.send(
              "POST",
              "/api/v1/collections",
              "{\"name\": \"points\", \"model\": \"none\", \"dimensions\": 2}"));
      ok(
          sheaf.send(
              "PUT",
              "/api/v1/collections/points/documents/one",
              "{\"chunks\": [{\"text\": \"point\", \"vector\": [1, 0]}]}"));
      assertThat(
              ok(sheaf.send("POST", "/api/v1/collections/points/search", "{\"vector\": [1, 0]}")))
          .contains("\"document\":\"one\"");
      assertThat(sheaf.log()).noneMatch(line -> line.contains("Embedding model loaded"));

      // What a service with another model left.
      database.execute("UPDATE embedding_space SET model = 'gone'");
    }
    try (SheafProcess sheaf = SheafProcess.start(database, SheafProcess.BUNDLED_MODEL)) {
      assertThat(sheaf.log())
          .anyMatch(line ->
              line.contains("Collections unusable: reason=Unknown embedding model")
                  && line.contains("gone"));
      assertThat(
              sheaf
                  .send("POST", "/api/v1/collections/points/search", "{\"text\": \"a\"}")
                  .statusCode())
          .isEqualTo(503);
    }
  }

  @Test
  void doesNotMigrateAndThenRefuse() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      assertThatThrownBy(() ->
              SheafProcess.start(database, Map.of("SHEAF_EMBEDDING_MODEL", "bge-smal")).close())
          .hasRootCauseMessage("the process ended")
          .hasMessageContaining(
              "embedding: sheaf.embedding.model is bge-smal, and there is no such model - name one of"
                  + " bge-small-en-v1.5; or none")
          .hasMessageNotContaining("\tat ");
      assertThat(database.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).isEmpty();
    }
  }

  private static String ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return response.body();
  }
}
