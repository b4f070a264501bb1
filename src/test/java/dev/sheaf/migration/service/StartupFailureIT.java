package dev.sheaf.migration.service;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A service that cannot start exits, and reports the reason in one line.
class StartupFailureIT {

  @Test
  void aWrongPasswordEndsTheProcess() {
    try (TestDatabase database = TestDatabase.create()) {
      assertThatThrownBy(() ->
              SheafProcess.start(database, Map.of("QUARKUS_DATASOURCE_PASSWORD", "wrong")).close())
          .hasRootCauseMessage("the process ended")
          .hasMessageContaining("rejects the role")
          .hasMessageNotContaining("\tat ");
    }
  }
}
