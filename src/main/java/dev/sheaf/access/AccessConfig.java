package dev.sheaf.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Who is let in.
@ConfigMapping(prefix = "sheaf.access")
public interface AccessConfig {

  /// Absent: open in development and in tests, required in production.
  Optional<Mode> mode();

  /// For how long a key that was looked up is good: within this, what was revoked is refused by
  /// every replica. A key costs one round trip to the database in this time, however many searches
  /// it makes.
  @WithDefault("5s")
  Duration recheckEvery();

  /// Bearer tokens of an identity provider. Where that is, `quarkus.oidc.*` says.
  Oidc oidc();

  /// Whether callers have to say who they are.
  enum Mode {
    /// They do.
    REQUIRED,
    /// They need not: whoever brings no key may do everything.
    OPEN
  }

  /// What a token's claims mean here.
  interface Oidc {

    /// The provider's own names for each role, in the claim that `quarkus.oidc.roles` names.
    Roles roles();

    /// The claim that lists the collections a token is for; a token without it is for none, one
    /// that lists `*` for all. Absent: every token is for all.
    Optional<String> collectionsClaim();

    /// Any of which is enough.
    interface Roles {
      @WithDefault("reader")
      Set<String> reader();

      @WithDefault("writer")
      Set<String> writer();

      @WithDefault("admin")
      Set<String> admin();
    }
  }
}
