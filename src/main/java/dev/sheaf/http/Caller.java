package dev.sheaf.http;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// On whose behalf something is done.
///
/// @param name `key:<id>`, `oidc:<name>`, `process:<user@host/pid>`, `anybody` or `service`
/// @param admin whether they see the jobs of others
/// @param collections the names of all that they see; `null` is every one
/// @param requestId of the request; `null` when there is none
/// @param address where the request came from; `null` when there is none
public record Caller(
    String name,
    boolean admin,
    @Nullable Set<String> collections,
    @Nullable String requestId,
    @Nullable String address) {

  /// The attribute of a `SecurityIdentity` that holds [#collections], a set of names. Absent: every
  /// one.
  public static final String COLLECTIONS = "sheaf.collections";

  /// The name of whoever does not say who they are, where access is open.
  public static final String ANYBODY = "anybody";

  /// The service itself, which works in the background.
  static final Caller SERVICE = of("service");

  /// Somebody who has no request and may do everything.
  public static Caller of(String name) {
    return new Caller(name, true, null, null, null);
  }

  /// What tells this caller from others: the name, or where nobody has one, the address.
  public String identity() {
    return name.equals(ANYBODY) ? name + "@" + address : name;
  }

  /// Whether a collection of this name, if there is one, is there for them.
  public boolean sees(String collection) {
    return collections == null || collections.contains(collection);
  }
}
