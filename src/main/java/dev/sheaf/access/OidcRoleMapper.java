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

/// What those may do who bring no key: a token of the identity provider what its claims say, others
/// nothing, or everything where access is open.
@ApplicationScoped
class OidcRoleMapper implements SecurityIdentityAugmentor {

  private static final String EVERY_COLLECTION = "*";

  private final AccessConfig.Oidc oidc;

  /// Who brings nothing, where access is open.
  private final @Nullable SecurityIdentity anybody;

  OidcRoleMapper(AccessConfig config) {
    this.oidc = config.oidc();
    this.anybody = AccessGate.isOpen(config) ? Role.ADMIN.identity(Caller.ANYBODY, null) : null;
  }

  @Override
  public Uni<SecurityIdentity> augment(
      SecurityIdentity identity, AuthenticationRequestContext context) {
    return Uni.createFrom().item(granted(identity));
  }

  private SecurityIdentity granted(SecurityIdentity identity) {
    if (identity.isAnonymous()) {
      return anybody == null ? identity : anybody;
    }
    if (identity.getAttribute(Role.ATTRIBUTE) != null) {
      return identity;
    }
    return identity.getPrincipal() instanceof JsonWebToken token
        ? granted(token, identity.getRoles())
        : nothing(identity.getPrincipal());
  }

  /// The token's own roles are left behind: one that happens to be called as one of ours means
  /// nothing here unless the configuration says so.
  private SecurityIdentity granted(JsonWebToken token, Set<String> roles) {
    String name = name(token);
    if (isAny(roles, oidc.roles().admin())) {
      return Role.ADMIN.identity(name, collections(token));
    }
    if (isAny(roles, oidc.roles().writer())) {
      return Role.WRITER.identity(name, collections(token));
    }
    if (isAny(roles, oidc.roles().reader())) {
      return Role.READER.identity(name, collections(token));
    }
    return nothing(token);
  }

  private static SecurityIdentity nothing(Principal somebody) {
    return QuarkusSecurityIdentity.builder()
        .setPrincipal(new QuarkusPrincipal(name(somebody)))
        .build();
  }

  private static String name(Principal somebody) {
    return "oidc:" + somebody.getName();
  }

  private static boolean isAny(Set<String> roles, Set<String> of) {
    return !Collections.disjoint(roles, of);
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
