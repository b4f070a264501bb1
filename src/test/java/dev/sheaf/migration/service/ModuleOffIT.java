package dev.sheaf.migration.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A module that is switched off is not migrated, and its resources report the setting.
class ModuleOffIT {

  @Test
  void endpointsOfADisabledModuleNameItsSetting() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        SheafProcess service =
            SheafProcess.start(database, Map.of("SHEAF_MODULES_INGESTION_ENABLED", "false"))) {
      HttpResponse<String> response = service.send("GET", "/api/v1/jobs", "");

      assertThat(response.statusCode()).isEqualTo(404);
      assertThat(response.body())
          .contains(
              "The module ingestion is off. Set sheaf.modules.ingestion.enabled=true to turn it on.");
      assertThat(
              database.query(
                  "SELECT tablename FROM pg_tables WHERE tablename IN ('ingestion_job', 'chunk')"))
          .containsExactly("chunk");
    }
  }
}
