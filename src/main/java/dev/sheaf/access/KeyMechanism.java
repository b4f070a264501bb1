package dev.sheaf.access;

import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.request.AuthenticationRequest;
import io.quarkus.vertx.http.runtime.security.ChallengeData;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticationMechanism;
import io.quarkus.vertx.http.runtime.security.HttpCredentialTransport;
import io.quarkus.vertx.http.runtime.security.HttpSecurityUtils;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.Set;

/// Reads the key from `Authorization: Bearer sheaf_...`, the header that clients of OpenAI's API
/// also use. quarkus-oidc handles all other bearer tokens.
@Singleton
class KeyMechanism implements HttpAuthenticationMechanism {

  private static final String SCHEME = "Bearer ";
  private static final String START = SCHEME + KeyToken.PREFIX;

  @Override
  public Uni<SecurityIdentity> authenticate(
      RoutingContext call, IdentityProviderManager providers) {
    String header = call.request().getHeader(HttpHeaders.AUTHORIZATION);
    if (header == null || !header.regionMatches(true, 0, START, 0, START.length())) {
      return Uni.createFrom().nullItem();
    }
    return KeyToken.parse(header.substring(SCHEME.length()).strip())
        .map(key ->
            providers.authenticate(
                HttpSecurityUtils.setRoutingContextAttribute(new KeyRequest(key), call)))
        .orElseGet(() ->
            Uni.createFrom().failure(KeyIdentityProvider.rejected("The API key is incomplete.")));
  }

  @Override
  public Uni<ChallengeData> getChallenge(RoutingContext call) {
    return Uni.createFrom()
        .item(new ChallengeData(401, HttpHeaders.WWW_AUTHENTICATE, SCHEME.strip()));
  }

  @Override
  public Set<Class<? extends AuthenticationRequest>> getCredentialTypes() {
    return Set.of(KeyRequest.class);
  }

  @Override
  public Uni<HttpCredentialTransport> getCredentialTransport(RoutingContext call) {
    return Uni.createFrom()
        .item(
            new HttpCredentialTransport(
                HttpCredentialTransport.Type.AUTHORIZATION, SCHEME.strip(), "key"));
  }

  /// Higher than quarkus-oidc, which would reject a key as an invalid token.
  @Override
  public int getPriority() {
    return DEFAULT_PRIORITY + 100;
  }
}
