package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class QueryVectorsIT {

  @Inject QueryVectors vectors;
  @Inject CollectionService collections;

  @Test
  void theVectorIsKeptAndTheTextIsNot() {
    Space space = collections.activeSpace(Api.newCollection());
    WeakReference<String> text = asked(space);
    float[] first = vectors.of(space, question());

    assertThat(vectors.of(space, question())).isSameAs(first);
    await()
        .untilAsserted(() -> {
          System.gc();
          assertThat(text.refersTo(null)).isTrue();
        });
  }

  /// In a frame of its own, which holds the text no longer when it is left.
  private WeakReference<String> asked(Space space) {
    String text = question();
    vectors.of(space, text);
    return new WeakReference<>(text);
  }

  private static String question() {
    return "what is asked for, at length ".repeat(20);
  }
}
