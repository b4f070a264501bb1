package dev.sheaf.audit;

/// What is recorded. What is done to the schema, the engine records by itself.
public enum AuditAction {
  KEY_CREATED("key.created"),
  KEY_REVOKED("key.revoked"),
  COLLECTION_CREATED("collection.created"),
  COLLECTION_CHANGED("collection.changed"),
  COLLECTION_DROPPED("collection.dropped"),
  DOCUMENT_DELETED("document.deleted"),
  /// By a filter.
  DOCUMENTS_DELETED("documents.deleted");

  private final String value;

  AuditAction(String value) {
    this.value = value;
  }

  /// The name in JSON and in the database.
  public String value() {
    return value;
  }
}
