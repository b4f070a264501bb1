package dev.sheaf.testing;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/// Configures the service to build indexes for small collections, to count queries, and to measure
/// continuously.
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
