package dev.sheaf.search;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class QueryVectorsIT {

  @Inject QueryVectors vectors;
  @Inject CollectionService collections;

  @Test
  void theCacheKeepsVectorsButNotTexts() {
    Space space = collections.activeSpace(Api.newCollection());
    WeakReference<String> text = embedQuestion(space);
    float[] first = vectors.embed(space, question());

    assertThat(vectors.embed(space, question())).isSameAs(first);
    await()
        .untilAsserted(() -> {
          System.gc();
          assertThat(text.refersTo(null)).isTrue();
        });
  }

  /// Has a stack frame of its own, so that nothing refers to the text afterwards.
  private WeakReference<String> embedQuestion(Space space) {
    String text = question();
    vectors.embed(space, text);
    return new WeakReference<>(text);
  }

  private static String question() {
    return "a long question ".repeat(20);
  }
}
