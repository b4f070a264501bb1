package dev.sheaf.access;

import static java.util.Map.entry;

import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.List;
import java.util.Map;

/// Configures the service as in production: callers must authenticate with a key or a token, and
/// tracing is on. Every search counts as slow. Scripts of one other origin may call the service.
public final class RequiredAccess implements QuarkusTestProfile {

  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.ofEntries(
        entry("sheaf.access.mode", "required"),
        entry("sheaf.access.recheck-every", "500ms"),
        entry("sheaf.access.record-use-every", "100ms"),
        entry("quarkus.oidc.tenant-enabled", "true"),
        entry("quarkus.oidc.token.audience", "sheaf"),
        entry("sheaf.access.oidc.roles.operator", "sheaf-operators"),
        entry("sheaf.access.oidc.roles.admin", "sheaf-admins"),
        entry("sheaf.access.oidc.roles.writer", "sheaf-writers,editors"),
        entry("sheaf.access.oidc.roles.reader", "sheaf-readers"),
        entry("sheaf.access.oidc.collections-claim", "collections"),
        entry("sheaf.search.slow", "0s"),
        entry("quarkus.http.cors.enabled", "true"),
        entry("quarkus.http.cors.origins", "https://app.example.org"),
        entry("quarkus.otel.sdk.disabled", "false"),
        entry("quarkus.otel.simple", "true"));
  }

  @Override
  public List<TestResourceEntry> testResources() {
    return List.of(
        new TestResourceEntry(PostgresTestResource.class),
        new TestResourceEntry(OidcProvider.class));
  }
}
