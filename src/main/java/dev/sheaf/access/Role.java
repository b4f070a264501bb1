package dev.sheaf.access;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Roles;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The role of a caller. Each role includes the ones before it.
public enum Role {
  READER,
  WRITER,
  ADMIN;

  /// The attribute of a `SecurityIdentity` that contains its [Role]. Role names alone are not
  /// trusted, because a token may contain any.
  static final String ATTRIBUTE = "sheaf.role";

  /// Parses the name of a role in the database.
  static Role of(String value) {
    return valueOf(value.toUpperCase(Locale.ROOT));
  }

  /// The name in JSON, in the database and in [Roles].
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return value();
  }

  /// Creates the identity of a caller with this role. An admin of all collections is an operator.
  ///
  /// @param name the value of [Caller#name]
  /// @param collections the collections that the caller may use; `null` means all
  SecurityIdentity identity(String name, @Nullable Set<String> collections) {
    return identity(name, collections, this == ADMIN && collections == null);
  }

  /// @param operator whether the caller also manages what concerns all collections
  SecurityIdentity identity(String name, @Nullable Set<String> collections, boolean operator) {
    var identity =
        QuarkusSecurityIdentity.builder()
            .setPrincipal(new QuarkusPrincipal(name))
            .addAttribute(ATTRIBUTE, this);
    for (Role role : values()) {
      if (role.compareTo(this) <= 0) {
        identity.addRole(role.value());
      }
    }
    if (collections != null) {
      identity.addAttribute(Caller.COLLECTIONS, collections);
    }
    if (operator) {
      identity.addRole(Roles.OPERATOR);
    }
    return identity.build();
  }
}
