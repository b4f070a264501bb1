package dev.sheaf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The end of the packaged service.
class SheafIT {

  private static final int TERMINATED = 128 + 15;

  @Test
  void endsInOrderWhileTheModelLoads() throws IOException, InterruptedException {
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess sheaf = SheafProcess.start(database, Map.of())) {
      assertThat(sheaf.terminate()).isEqualTo(TERMINATED);
      // Ended before the load has, the process would sometimes crash.
      assertThat(sheaf.log()).anyMatch(line -> line.contains("Embedding model loaded"));
    }
  }
}
