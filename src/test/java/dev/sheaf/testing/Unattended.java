package dev.sheaf.testing;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/// Turns background workers off, so that only the test builds or measures an index, or runs a
/// backfill.
public final class Unattended implements QuarkusTestProfile {

  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of(
        "sheaf.index.check-every", "1h",
        "sheaf.index.min-rows", "3",
        "sheaf.index.memory", "3M",
        "sheaf.backfill.enabled", "false");
  }
}
