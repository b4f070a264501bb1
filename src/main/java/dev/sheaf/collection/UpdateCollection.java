package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.api.Input;
import dev.sheaf.api.Problem;
import dev.sheaf.collection.CollectionSettings.Hnsw;
import dev.sheaf.filter.FieldType;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What of a collection is to be another than it is, while everybody works on. What is absent
/// stays.
///
/// @param efSearch candidates of a search in its index
/// @param fields all that are to have an index of their order; others lose theirs
@Schema(name = "UpdateCollection")
public record UpdateCollection(
    @Nullable String description,
    @Nullable Integer efSearch,
    @Nullable Map<String, FieldType> fields) {

  @JsonCreator
  static UpdateCollection of(
      @Nullable String description,
      @Nullable Hnsw hnsw,
      @Nullable Map<String, FieldType> fields,
      @Nullable JsonNode name,
      @Nullable JsonNode model,
      @Nullable JsonNode dimensions,
      @Nullable JsonNode metric,
      @Nullable JsonNode precision,
      @Nullable JsonNode language) {
    Input.text("description", description, CreateCollection.MAX_DESCRIPTION_BYTES);
    fixed("name", name);
    fixed("model", model);
    fixed("dimensions", dimensions);
    fixed("metric", metric);
    fixed("precision", precision);
    fixed("language", language);
    if (hnsw != null) {
      fixed("hnsw.m", hnsw.m());
      fixed("hnsw.efConstruction", hnsw.efConstruction());
    }
    return new UpdateCollection(description, hnsw == null ? null : hnsw.efSearch(), fields);
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
    if (efSearch != null) {
      changed.put("efSearch", efSearch);
    }
    if (fields != null) {
      changed.put("fields", fields);
    }
    return changed;
  }

  CollectionSettings applyTo(CollectionSettings settings) {
    Hnsw old = settings.hnsw();
    return new CollectionSettings(
        efSearch == null
            ? old
            : new Hnsw(
                old == null ? null : old.m(), old == null ? null : old.efConstruction(), efSearch),
        settings.language(),
        fields == null ? settings.fields() : fields);
  }
}
