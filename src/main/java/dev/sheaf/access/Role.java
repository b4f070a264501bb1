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

/// What somebody may do. Each may do what those before it may.
public enum Role {
  READER,
  WRITER,
  ADMIN;

  /// The attribute of a `SecurityIdentity` that holds its [Role]. Names of roles are only believed
  /// beside it: a token may bring any.
  static final String ATTRIBUTE = "sheaf.role";

  /// The role of that name in the database.
  static Role of(String value) {
    return valueOf(value.toUpperCase(Locale.ROOT));
  }

  /// The name in JSON and in the database, and that of the role in [Roles].
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return value();
  }

  /// Somebody who has this role.
  ///
  /// @param name who, as [Caller#name] has it
  /// @param collections the names of those that they see; `null` is every one
  SecurityIdentity identity(String name, @Nullable Set<String> collections) {
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
    } else if (this == ADMIN) {
      identity.addRole(Roles.OPERATOR);
    }
    return identity.build();
  }
}
