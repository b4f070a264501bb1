package dev.sheaf.http;

/// The roles that an endpoint can require with `@RolesAllowed`. Each role includes the ones before
/// it.
public final class Roles {

  /// Searches, and reads documents.
  public static final String READER = "reader";

  /// Also stores and deletes documents.
  public static final String WRITER = "writer";

  /// Also creates, changes and drops collections, and sees the jobs of all callers.
  public static final String ADMIN = "admin";

  /// An admin who is not limited to certain collections: manages keys and the schema, and reads the
  /// audit trail. This role cannot be granted by name.
  public static final String OPERATOR = "operator";

  private Roles() {}
}
