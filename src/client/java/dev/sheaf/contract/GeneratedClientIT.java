package dev.sheaf.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sheaf.client.ApiClient;
import dev.sheaf.client.ApiException;
import dev.sheaf.client.CollectionsApi;
import dev.sheaf.client.DocumentsApi;
import dev.sheaf.client.SearchApi;
import dev.sheaf.client.model.Collection;
import dev.sheaf.client.model.CreateCollection;
import dev.sheaf.client.model.Document;
import dev.sheaf.client.model.DocumentContent;
import dev.sheaf.client.model.FieldType;
import dev.sheaf.client.model.Hit;
import dev.sheaf.client.model.Metric;
import dev.sheaf.client.model.Problem;
import dev.sheaf.client.model.PutStatus;
import dev.sheaf.client.model.SearchBatch;
import dev.sheaf.client.model.SearchMode;
import dev.sheaf.client.model.SearchOfBatch;
import dev.sheaf.client.model.SearchRequest;
import dev.sheaf.client.model.SearchResponse;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Uses a client that OpenAPI Generator generates from the document.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class GeneratedClientIT {

  private static final String COLLECTION = "generated-client";

  @TestHTTPResource("/")
  URI base;

  private ApiClient client;

  @BeforeEach
  void client() {
    client = new ApiClient();
    client.updateBaseUri(base.resolve("/").toString().replaceAll("/$", ""));
  }

  @Test
  void getsThroughTheLifeOfACollection() throws ApiException {
    var collections = new CollectionsApi(client);
    var documents = new DocumentsApi(client);

    Collection created =
        collections.createCollection(
            new CreateCollection()
                .name(COLLECTION)
                .metric(Metric.COSINE)
                .fields(Map.of("year", FieldType.NUMBER)));
    assertThat(created.getName()).isEqualTo(COLLECTION);
    assertThat(created.getDimensions()).isEqualTo(384);
    assertThat(created.getFields()).isEqualTo(Map.of("year", "number"));

    put(documents, "old", "The tides follow the Moon.", 1931);
    put(documents, "a/b c", "The tides follow the Moon and the Sun.", 2019);
    assertThat(
            documents.putDocument(
                COLLECTION, "old", content("The tides follow the Moon.", 1931), null, null))
        .satisfies(result -> assertThat(result.getStatus()).isEqualTo(PutStatus.UNCHANGED));

    var recent =
        new SearchRequest().text("what moves the sea").filter(Map.of("year", Map.of("$gte", 2000)));
    SearchResponse found = new SearchApi(client).search(COLLECTION, recent, null);
    assertThat(found.getHits()).extracting(Hit::getDocument).containsExactly("a/b c");
    assertThat(found.getHits().getFirst().getMetadata()).containsEntry("year", 2019);

    Document read = documents.getDocument(COLLECTION, "a/b c", null, null);
    assertThat(read.getText()).isEqualTo("The tides follow the Moon and the Sun.");
    assertThat(read.getUpdatedAt()).isEqualTo(read.getCreatedAt());

    documents.deleteDocument(COLLECTION, "a/b c", null, null);
    assertThat(new SearchApi(client).search(COLLECTION, recent, null).getHits()).isEmpty();

    collections.dropCollection(COLLECTION, null, null);
    assertThat(collections.listCollections(null, null).getCollections())
        .extracting(Collection::getName)
        .doesNotContain(COLLECTION);
  }

  private static void put(DocumentsApi documents, String id, String text, int year)
      throws ApiException {
    assertThat(documents.putDocument(COLLECTION, id, content(text, year), null, "*").getStatus())
        .isEqualTo(PutStatus.CREATED);
  }

  private static DocumentContent content(String text, int year) {
    return new DocumentContent().text(text).metadata(Map.of("year", year));
  }

  @Test
  void meetsRefusalsAsExceptionsWithTheirProblem() throws Exception {
    ApiException refused =
        catchThrowableOfType(
            ApiException.class,
            () -> new SearchApi(client).search("nowhere", new SearchRequest().text("sea"), null));

    assertThat(refused.getCode()).isEqualTo(404);
    assertThat(problem(refused))
        .satisfies(problem -> {
          assertThat(problem.getType()).isEqualTo("urn:sheaf:problem:collection-not-found");
          assertThat(problem.getStatus()).isEqualTo(404);
          assertThat(problem.getDetail()).contains("nowhere");
        });
  }

  private Problem problem(ApiException refused) throws Exception {
    return ApiClient.createDefaultObjectMapper()
        .readValue(refused.getResponseBody(), Problem.class);
  }

  @Test
  void tellsAnswersOfABatchFromProblems() throws ApiException {
    var answers =
        new SearchApi(client)
            .searchBatch(
                new SearchBatch()
                    .searches(
                        List.of(
                            new SearchOfBatch()
                                .collection("nowhere")
                                .search(
                                    new SearchRequest().text("sea").mode(SearchMode.FULLTEXT)))),
                null)
            .getAnswers();

    assertThat(answers.getFirst().getStatus()).isEqualTo(404);
    assertThat(answers.getFirst().getHits()).isNullOrEmpty();
  }
}
