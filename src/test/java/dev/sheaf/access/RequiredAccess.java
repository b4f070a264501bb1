package dev.sheaf.access;

import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.List;
import java.util.Map;

/// As in production: callers have to say who they are, by a key or by a token.
public final class RequiredAccess implements QuarkusTestProfile {

  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of(
        "sheaf.access.mode", "required",
        "sheaf.access.recheck-every", "500ms",
        "quarkus.oidc.tenant-enabled", "true",
        "quarkus.oidc.token.audience", "sheaf",
        "sheaf.access.oidc.roles.admin", "sheaf-admins",
        "sheaf.access.oidc.roles.writer", "sheaf-writers,editors",
        "sheaf.access.oidc.roles.reader", "sheaf-readers",
        "sheaf.access.oidc.collections-claim", "collections");
  }

  @Override
  public List<TestResourceEntry> testResources() {
    return List.of(
        new TestResourceEntry(PostgresTestResource.class),
        new TestResourceEntry(OidcProvider.class));
  }
}
