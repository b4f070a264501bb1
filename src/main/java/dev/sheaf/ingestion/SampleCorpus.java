package dev.sheaf.ingestion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CreateCollection;
import dev.sheaf.document.DocumentContent;
import dev.sheaf.document.DocumentMetadata;
import dev.sheaf.document.DocumentService;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.quarkus.arc.profile.IfBuildProfile;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jboss.logging.Logger;

/// In dev mode, loads a small corpus into the collection `sample` in the background, so that
/// searches find something from the start. Existing documents do not change.
@IfBuildProfile("dev")
@ApplicationScoped
class SampleCorpus {

  private static final Logger LOG = Logger.getLogger(SampleCorpus.class);

  static final String COLLECTION = "sample";
  static final String RESOURCE = "/sample/corpus.ndjson";

  private final CollectionService collections;
  private final DocumentService documents;
  private final ObjectMapper json;

  SampleCorpus(CollectionService collections, DocumentService documents, ObjectMapper json) {
    this.collections = collections;
    this.documents = documents;
    this.json = json;
  }

  void onStart(@Observes StartupEvent event) {
    Thread.ofVirtual().name("sample-corpus").start(this::load);
  }

  private void load() {
    try {
      createCollection();
      int count = 0;
      try (var lines =
          new BufferedReader(
              new InputStreamReader(
                  Objects.requireNonNull(SampleCorpus.class.getResourceAsStream(RESOURCE)),
                  StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          put(json.readTree(line));
          count++;
        }
      }
      LOG.infof("Sample corpus ready: collection=%s documents=%s", COLLECTION, count);
    } catch (IOException | RuntimeException e) {
      // A live reload may stop the service during the load; the next start continues it.
      LOG.warnf("Sample corpus not loaded: %s", e.getMessage());
    }
  }

  private void createCollection() {
    try {
      collections.create(CreateCollection.named(COLLECTION, "Short texts to try Sheaf with"));
    } catch (Problem problem) {
      if (problem.type() != ProblemType.COLLECTION_EXISTS) {
        throw problem;
      }
    }
  }

  private void put(JsonNode line) {
    documents.put(
        COLLECTION,
        line.get("id").textValue(),
        new DocumentContent(
            line.get("text").textValue(),
            line.path("title").textValue(),
            line.path("uri").textValue(),
            new DocumentMetadata(line.get("metadata").toString()),
            null,
            null,
            null));
  }
}
