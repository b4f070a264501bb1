package dev.sheaf.collection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import org.junit.jupiter.api.Test;

/// The model of a collection has another number of dimensions than its space.
class WidthIT {

  @Test
  void theServiceRefusesToStartWithAModelOfAnotherWidth() throws Exception {
    try (TestDatabase database = TestDatabase.migrated()) {
      try (SheafProcess sheaf = SheafProcess.start(database, SheafProcess.BUNDLED_MODEL)) {
        assertThat(sheaf.send("POST", "/api/v1/collections", "{\"name\":\"wide\"}").statusCode())
            .isEqualTo(201);
      }
      database.execute("UPDATE embedding_space SET dimensions = 768");

      assertThatThrownBy(() -> SheafProcess.start(database, SheafProcess.BUNDLED_MODEL).close())
          .hasMessageContaining(
              "The model bge-small-en-v1.5 has 384 dimensions, but embedding space 1 has 768.");
    }
  }
}
