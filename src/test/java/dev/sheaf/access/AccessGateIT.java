package dev.sheaf.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The start-up checks and warnings of access control.
@ExtendWith(DatabaseExtension.class)
class AccessGateIT {

  @Test
  void productionAsksForKeysAndSaysHowToMakeTheFirst(TestDatabase database) throws Exception {
    // Nothing is configured, as in a new installation.
    try (SheafProcess sheaf = SheafProcess.start(database, Map.of("SHEAF_ACCESS_MODE", ""))) {
      assertThat(String.join("\n", sheaf.log()))
          .contains(
              "Access control is on, but no valid key exists. Create one: sheaf key create --role admin")
          .doesNotContain("access: open");
      assertThat(sheaf.send("GET", "/api/v1/collections", "").statusCode()).isEqualTo(401);

      try (SheafCommand create =
          SheafCommand.start(
              database, Map.of(), "sheaf", "key", "create", "--role", "admin", "--quiet")) {
        assertThat(create.await()).isZero();
        String key = String.join("", create.said());
        assertThat(sheaf.send("GET", "/api/v1/keys", "", Map.of("Authorization", "Bearer " + key)))
            .satisfies(answer -> {
              assertThat(answer.statusCode()).isEqualTo(200);
              assertThat(answer.body()).contains(key.split("_", -1)[1]);
            });
        assertThat(String.join("\n", sheaf.log())).doesNotContain(key.split("_", -1)[2]);
      }
    }
  }

  @Test
  void openAccessIsSaidAloud(TestDatabase database) throws Exception {
    try (SheafProcess sheaf = SheafProcess.start(database, Map.of("SHEAF_ACCESS_MODE", "open"))) {
      assertThat(String.join("\n", sheaf.log()))
          .contains("Access control is off: anyone who can reach this port has full access.");
      assertThat(sheaf.send("GET", "/api/v1/keys", "").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void tokensNeedAnAudience(TestDatabase database) {
    assertThatThrownBy(() ->
            SheafProcess.start(
                    database,
                    Map.of(
                        "QUARKUS_OIDC_TENANT_ENABLED", "true",
                        "QUARKUS_OIDC_AUTH_SERVER_URL", "http://127.0.0.1:1"))
                .close())
        .hasRootCauseMessage("the process ended")
        .hasMessageContaining(
            "access: tokens are accepted, but their audience is not checked, so a token for any other"
                + " application would do - set quarkus.oidc.token.audience");
  }

  @Test
  void settingsAreCheckedFirst(TestDatabase database) {
    assertThatThrownBy(
            () -> SheafProcess.start(database, Map.of("SHEAF_SEARCH_EF_SEARCH", "2000")).close())
        .hasRootCauseMessage("the process ended")
        .hasMessageContaining(
            "settings: sheaf.search.ef-search must be a whole number from 1 to 1000, not 2000 (")
        .hasMessageNotContaining("\tat ");
  }

  @Test
  void requiredAccessNeedsItsModule(TestDatabase database) {
    assertThatThrownBy(() ->
            SheafProcess.start(
                    database,
                    Map.of(
                        "SHEAF_ACCESS_MODE", "required",
                        "SHEAF_MODULES_ACCESS_ENABLED", "false"))
                .close())
        .hasRootCauseMessage("the process ended")
        .hasMessageContaining(
            "access control is on, but the module access, which stores the keys, is off")
        .hasMessageNotContaining("\tat ");
  }
}
