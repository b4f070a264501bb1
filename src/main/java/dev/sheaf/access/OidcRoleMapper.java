package dev.sheaf.access;

import dev.sheaf.http.Caller;
import io.quarkus.security.identity.AuthenticationRequestContext;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.SecurityIdentityAugmentor;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.json.JsonString;
import java.security.Principal;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.jwt.JsonWebToken;
import org.jspecify.annotations.Nullable;

/// Assigns roles to callers without an API key. A token of the identity provider gets the role that
/// its claims grant. A caller without a token gets no role, or full access if access control is
/// off.
@ApplicationScoped
class OidcRoleMapper implements SecurityIdentityAugmentor {

  private static final String EVERY_COLLECTION = "*";

  private final AccessConfig.Oidc oidc;

  /// The identity of unauthenticated callers; `null` if access control is on.
  private final @Nullable SecurityIdentity anybody;

  OidcRoleMapper(AccessConfig config) {
    this.oidc = config.oidc();
    this.anybody = AccessGate.isOpen(config) ? Role.ADMIN.identity(Caller.ANYBODY, null) : null;
  }

  @Override
  public Uni<SecurityIdentity> augment(
      SecurityIdentity identity, AuthenticationRequestContext context) {
    return Uni.createFrom().item(withRole(identity));
  }

  private SecurityIdentity withRole(SecurityIdentity identity) {
    if (identity.isAnonymous()) {
      return anybody == null ? identity : anybody;
    }
    if (identity.getAttribute(Role.ATTRIBUTE) != null) {
      return identity;
    }
    return identity.getPrincipal() instanceof JsonWebToken token
        ? withRole(token, identity.getRoles())
        : withoutRole(identity.getPrincipal());
  }

  /// Drops the token's own roles. A role of the provider that has the same name as one of Sheaf's
  /// grants nothing unless it is configured.
  private SecurityIdentity withRole(JsonWebToken token, Set<String> roles) {
    String name = name(token);
    if (containsAny(roles, oidc.roles().operator().orElse(Set.of()))) {
      return Role.ADMIN.identity(name, null, true);
    }
    if (containsAny(roles, oidc.roles().admin())) {
      return Role.ADMIN.identity(name, collections(token), false);
    }
    if (containsAny(roles, oidc.roles().writer())) {
      return Role.WRITER.identity(name, collections(token));
    }
    if (containsAny(roles, oidc.roles().reader())) {
      return Role.READER.identity(name, collections(token));
    }
    return withoutRole(token);
  }

  private static SecurityIdentity withoutRole(Principal principal) {
    return QuarkusSecurityIdentity.builder()
        .setPrincipal(new QuarkusPrincipal(name(principal)))
        .build();
  }

  /// A subject is unique only within its issuer, and names such as `preferred_username` can be
  /// chosen by their owners. The URL of an issuer has no fragment.
  private static String name(Principal principal) {
    return "oidc:"
        + (principal instanceof JsonWebToken token
            ? token.getIssuer() + "#" + token.getSubject()
            : principal.getName());
  }

  private static boolean containsAny(Set<String> roles, Set<String> wanted) {
    return !Collections.disjoint(roles, wanted);
  }

  private @Nullable Set<String> collections(JsonWebToken token) {
    if (oidc.collectionsClaim().isEmpty()) {
      return null;
    }
    Object claim = token.getClaim(oidc.collectionsClaim().get());
    Set<String> names =
        switch (claim) {
          case null -> Set.of();
          case Collection<?> list ->
              list.stream().map(OidcRoleMapper::text).collect(Collectors.toSet());
          default ->
              Stream.of(text(claim)).flatMap(OidcRoleMapper::words).collect(Collectors.toSet());
        };
    return names.contains(EVERY_COLLECTION) ? null : names;
  }

  private static Stream<String> words(String text) {
    return Arrays.stream(text.split("[ ,]+", -1));
  }

  private static String text(Object value) {
    return value instanceof JsonString string ? string.getString() : value.toString();
  }
}
