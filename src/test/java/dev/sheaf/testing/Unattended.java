package dev.sheaf.testing;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/// Nobody but the test does anything: no background worker builds or measures an index, or takes up
/// a backfill.
public final class Unattended implements QuarkusTestProfile {

  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of(
        "sheaf.index.check-every", "1h",
        "sheaf.index.min-rows", "3",
        "sheaf.backfill.enabled", "false");
  }
}
