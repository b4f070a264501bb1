package dev.sheaf.testing;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/// Indexes early, so that they can be seen to come and go, counts queries, and measures all the
/// time.
public final class EagerIndexes implements QuarkusTestProfile {

  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of(
        "sheaf.index.check-every", "1s",
        "sheaf.index.min-rows", "3",
        "sheaf.index.sample-queries", "true",
        "sheaf.metrics.every", "1s");
  }
}
