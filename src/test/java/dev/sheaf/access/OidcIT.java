package dev.sheaf.access;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CreateCollection;
import dev.sheaf.testing.InProcess;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.specification.RequestSpecification;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tokens of an identity provider.
@InProcess
@QuarkusTest
@TestProfile(RequiredAccess.class)
class OidcIT {

  @Inject CollectionService collections;
  @Inject OidcRoleMapper grants;

  @BeforeEach
  void twoCollections() {
    for (String name : List.of("ours", "theirs")) {
      if (collections.list(null, 1_000, null).stream()
          .noneMatch(view -> view.name().equals(name))) {
        collections.create(CreateCollection.named(name, "of " + name));
      }
    }
  }

  /// The statuses of reading, deleting a document, dropping a collection and listing keys.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "groups": ["sheaf-readers"], "collections": ["*"]            | 200 | 403 | 403 | 403
          "groups": ["editors", "x"], "collections": "*"               | 200 | 404 | 403 | 403
          "groups": ["sheaf-operators"]                                | 200 | 404 | 404 | 200
          "groups": ["sheaf-operators", "editors"], "collections": []  | 200 | 404 | 404 | 200
          "groups": ["sheaf-admins"], "collections": ["absent", "*"]   | 200 | 404 | 404 | 403
          "groups": ["sheaf-admins"], "collections": ["absent"]        | 200 | 404 | 404 | 403
          "groups": ["sheaf-admins"]                                   | 200 | 404 | 404 | 403
          "groups": ["admin", "operator"], "collections": ["*"]        | 403 | 403 | 403 | 403
          "collections": ["*"]                                         | 403 | 403 | 403 | 403
          """)
  void rolesFollowTheClaims(String claims, int read, int write, int administer, int operate)
      throws Exception {
    String token = OidcProvider.token("ada", claims);

    as(token).get("/api/v1/collections").then().statusCode(read);
    as(token).delete("/api/v1/collections/absent/documents/a").then().statusCode(write);
    as(token).delete("/api/v1/collections/absent").then().statusCode(administer);
    as(token).get("/api/v1/keys").then().statusCode(operate);
  }

  @Test
  void collectionsFollowTheClaim() throws Exception {
    String ours =
        OidcProvider.token("ada", "\"groups\": [\"sheaf-readers\"], \"collections\": [\"ours\"]");

    as(ours).get("/api/v1/collections").then().body("collections.name", contains("ours"));
    as(ours).get("/api/v1/collections/theirs").then().statusCode(404);
  }

  @Test
  void theTrailNamesWhoeverTheTokenDoes() throws Exception {
    String admin =
        OidcProvider.token(
            "ada", "\"groups\": [\"sheaf-operators\"], \"preferred_username\": \"root\"");
    as(admin)
        .contentType("application/json")
        .body("{\"name\": \"adas\"}")
        .post("/api/v1/collections");

    as(admin)
        .get("/api/v1/audit")
        .then()
        .body(
            "events.find { it.object == 'adas' }.actor",
            equalTo("oidc:" + OidcProvider.issuer() + "#ada"))
        .body("events.action", hasItem("collection.created"));
  }

  @Test
  void aTokenThatIsNotGoodIsRefused() throws Exception {
    String token = OidcProvider.token("ada", "\"groups\": [\"sheaf-admins\"]");
    String tampered = token.substring(0, token.lastIndexOf('.') + 1) + "AAAA";

    as(tampered)
        .get("/api/v1/collections")
        .then()
        .statusCode(401)
        .contentType("application/problem+json")
        .body("detail", equalTo("The token is not valid or has expired. Get a new one."));
  }

  @Test
  void aTokenWithoutClaimsIsRefused() {
    as("opaque").get("/api/v1/collections").then().statusCode(401);
  }

  @Test
  void whoeverWasNotGrantedARoleHereHasNone() {
    SecurityIdentity stranger =
        QuarkusSecurityIdentity.builder()
            .setPrincipal(new QuarkusPrincipal("mallory"))
            .addRoles(Set.of("reader", "admin", "operator"))
            .build();

    SecurityIdentity identity =
        grants.augment(stranger, work -> Uni.createFrom().item(work)).await().indefinitely();

    assertThat(identity.getRoles()).isEmpty();
    assertThat(identity.getPrincipal().getName()).isEqualTo("oidc:mallory");
  }

  private static RequestSpecification as(String token) {
    return given().header("Authorization", "Bearer " + token);
  }
}
