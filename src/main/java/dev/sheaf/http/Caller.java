package dev.sheaf.http;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The person or program on whose behalf an operation runs.
///
/// @param name `key:<id>`, `oidc:<issuer>#<subject>`, `process:<user@host/pid>`, `anybody` or
///   `service`
/// @param admin whether the caller sees the jobs of others
/// @param collections the names of all collections that the caller may use; `null` means all
/// @param requestId `null` outside of a request
/// @param address the client's IP address; `null` outside of a request, or if it is not known
public record Caller(
    String name,
    boolean admin,
    @Nullable Set<String> collections,
    @Nullable String requestId,
    @Nullable String address) {

  /// The attribute of a `SecurityIdentity` that contains [#collections], a set of names. Absent:
  /// all collections.
  public static final String COLLECTIONS = "sheaf.collections";

  /// The name of an unauthenticated caller while access control is off.
  public static final String ANYBODY = "anybody";

  /// The service itself, for background work.
  static final Caller SERVICE = of("service");

  /// A caller outside of any request, with all permissions.
  public static Caller of(String name) {
    return new Caller(name, true, null, null, null);
  }

  /// Distinguishes callers: the name, and for unauthenticated callers also the address.
  public String identity() {
    return name.equals(ANYBODY) ? name + "@" + address : name;
  }

  /// Whether the caller may use a collection of this name. It need not exist.
  public boolean sees(String collection) {
    return collections == null || collections.contains(collection);
  }
}
