package dev.sheaf.embedding.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModel.Purpose;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.config.SmallRyeConfigBuilder;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Objects;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/// Connects Sheaf's client of OpenAI's API to Sheaf's server.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class OpenAiModelIT {

  @Inject EmbeddingModels models;

  @TestHTTPResource("/v1")
  URI server;

  @Test
  void givesTheVectorsOfTheModelThatIsServed() {
    EmbeddingModel bundled = models.defaultModel();
    List<String> texts = List.of("Tides follow the Moon.", "Ebbe und Flut", "");
    OpenAiConfig config =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(OpenAiConfig.class)
            .withDefaultValue("sheaf.embedding.openai.remote.url", server.toString())
            .withDefaultValue("sheaf.embedding.openai.remote.model", bundled.name())
            .withDefaultValue("sheaf.embedding.openai.remote.dimensions", "384")
            .withDefaultValue("sheaf.embedding.openai.remote.batch-size", "1")
            .withDefaultValue(
                "sheaf.embedding.openai.remote.query-prefix",
                "Represent this sentence for searching relevant passages: ")
            .build()
            .getConfigMapping(OpenAiConfig.class);
    try (HttpClient http = HttpClient.newHttpClient()) {
      var remote =
          new OpenAiModel("remote", Objects.requireNonNull(config.models().get("remote")), http);

      for (Purpose purpose : Purpose.values()) {
        List<String> asked = purpose == Purpose.QUERY ? texts : texts.subList(0, 2);
        List<float[]> expected = bundled.embed(asked, purpose);
        List<float[]> given = remote.embed(asked, purpose);
        for (int i = 0; i < asked.size(); i++) {
          assertThat(given.get(i)).containsExactly(expected.get(i), Offset.offset(1e-6f));
        }
      }
    }
  }
}
