package dev.sheaf.audit;

/// The actions that the audit trail records. The migration engine records changes of the schema in
/// its own table.
public enum AuditAction {
  KEY_CREATED("key.created"),
  KEY_REVOKED("key.revoked"),
  COLLECTION_CREATED("collection.created"),
  COLLECTION_CHANGED("collection.changed"),
  COLLECTION_DROPPED("collection.dropped"),
  DOCUMENT_DELETED("document.deleted"),
  /// All documents that match a filter.
  DOCUMENTS_DELETED("documents.deleted"),
  /// An export of documents began.
  DOCUMENTS_EXPORTED("documents.exported"),
  /// Requests of one caller for one operation that got 401 or 403.
  ACCESS_REFUSED("access.refused");

  private final String value;

  AuditAction(String value) {
    this.value = value;
  }

  /// The name in JSON and in the database.
  public String value() {
    return value;
  }
}
