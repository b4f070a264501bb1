package dev.sheaf.http;

/// What an endpoint demands of its caller, for `@RolesAllowed`. Whoever has one of these has those
/// before it.
public final class Roles {

  /// Searches and reads.
  public static final String READER = "reader";

  /// Also stores and deletes documents.
  public static final String WRITER = "writer";

  /// Also creates, changes and drops collections, and sees the jobs of others.
  public static final String ADMIN = "admin";

  /// An admin who is not limited to collections: for what concerns all of them, such as keys, the
  /// schema and the audit trail. Nobody is given this role by name.
  public static final String OPERATOR = "operator";

  private Roles() {}
}
