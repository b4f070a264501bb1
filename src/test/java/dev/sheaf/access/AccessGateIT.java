package dev.sheaf.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.OutOfProcess;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Who is let in, as the service says it when it starts.
@ExtendWith(DatabaseExtension.class)
@OutOfProcess
class AccessGateIT {

  @Test
  void productionAsksForKeysAndSaysHowToMakeTheFirst(TestDatabase database) throws Exception {
    // Nothing is set, as in a new installation.
    try (SheafProcess sheaf = SheafProcess.start(database, Map.of("SHEAF_ACCESS_MODE", ""))) {
      assertThat(String.join("\n", sheaf.log()))
          .contains("access: there is no key yet; make the first: sheaf key create --role admin")
          .doesNotContain("access: open");
      assertThat(sheaf.send("GET", "/api/v1/collections", "").statusCode()).isEqualTo(401);

      try (SheafCommand create =
          SheafCommand.start(database, Map.of(), "key", "create", "--role", "admin", "--quiet")) {
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
          .contains("access: open, so whoever reaches this port may do everything");
      assertThat(sheaf.send("GET", "/api/v1/keys", "").statusCode()).isEqualTo(200);
    }
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
        .hasMessageContaining("access is required, and the module that keeps the keys is off")
        .hasMessageNotContaining("\tat ");
  }
}
