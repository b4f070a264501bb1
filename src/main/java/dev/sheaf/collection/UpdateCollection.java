package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.collection.CollectionSettings.Hnsw;
import dev.sheaf.embedding.Precision;
import dev.sheaf.filter.FieldType;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What of a collection is to be another than it is, while everybody works on. What is absent
/// stays.
///
/// @param precision of the index
/// @param hnsw the shape of the index, and how far a search looks in it
/// @param fields all that are to have an index of their order; others lose theirs
@Schema(
    name = "UpdateCollection",
    examples =
        """
        {"description": "What we have published", "hnsw": {"efSearch": 200}}
        """)
public record UpdateCollection(
    @Nullable String description,
    @Nullable Precision precision,
    @Nullable Hnsw hnsw,
    @Nullable Map<String, FieldType> fields) {

  @JsonCreator
  static UpdateCollection of(
      @Nullable String description,
      @Nullable Precision precision,
      @Nullable Hnsw hnsw,
      @Nullable Map<String, FieldType> fields,
      @Nullable JsonNode name,
      @Nullable JsonNode model,
      @Nullable JsonNode dimensions,
      @Nullable JsonNode metric,
      @Nullable JsonNode language) {
    Input.text("description", description, CreateCollection.MAX_DESCRIPTION_BYTES);
    fixed("name", name);
    fixed("model", model);
    fixed("dimensions", dimensions);
    fixed("metric", metric);
    fixed("language", language);
    return new UpdateCollection(description, precision, hnsw, fields);
  }

  /// One that changes how far searches look in the index.
  public static UpdateCollection efSearch(int efSearch) {
    return new UpdateCollection(null, null, new Hnsw(null, null, efSearch), null);
  }

  private static void fixed(String field, @Nullable Object value) {
    if (value != null) {
      throw Problem.field(
          field,
          field
              + " is what the collection was built with, and stays; create another collection with"
              + " it and put the documents there");
    }
  }

  /// What is asked for, as it is recorded; a description is text, and only said to be new.
  Map<String, Object> changed() {
    var changed = new TreeMap<String, Object>();
    if (description != null) {
      changed.put("description", true);
    }
    if (precision != null) {
      changed.put("precision", precision);
    }
    if (hnsw != null) {
      changed.put("hnsw", hnsw);
    }
    if (fields != null) {
      changed.put("fields", fields);
    }
    return changed;
  }

  CollectionSettings applyTo(CollectionSettings settings) {
    Hnsw old = settings.hnsw();
    return new CollectionSettings(
        precision == null ? settings.precision() : precision,
        hnsw == null ? old : old == null ? hnsw : old.with(hnsw),
        settings.language(),
        fields == null ? settings.fields() : fields);
  }
}
