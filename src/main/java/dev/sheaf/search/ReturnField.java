package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.sheaf.document.StoredMetadata;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The optional fields of a hit. A hit always has its document, ordinal and score.
@Schema(name = "SelectedField")
public enum ReturnField {
  TITLE("title", "d.title"),
  URI("uri", "d.uri"),
  TEXT("text", "c.text"),
  METADATA("metadata", StoredMetadata.COLUMN),
  VECTOR("vector", "v.vector::vector"),
  CREATED_AT("createdAt", "d.created_at"),
  UPDATED_AT("updatedAt", "d.updated_at");

  static final Set<ReturnField> DEFAULT =
      Collections.unmodifiableSet(EnumSet.of(TITLE, TEXT, METADATA));

  private final String value;

  /// The SQL expression, over `document d`, `chunk c` and [Space#embeddingTable] `v`.
  final String column;

  ReturnField(String value, String column) {
    this.value = value;
    this.column = column;
  }

  /// The name in JSON.
  @JsonValue
  public String value() {
    return value;
  }

  @Override
  public String toString() {
    return value;
  }
}
