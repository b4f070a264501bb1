package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.embedding.Precision;
import dev.sheaf.filter.FieldType;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What was chosen for a collection, as `collection.settings` keeps it. What is absent was not, and
/// follows the configuration.
///
/// @param precision of its index, where it was changed since the collection was created; its space
///   has the precision of the index that serves
/// @param language a text search configuration of PostgreSQL's
/// @param fields the fields at the top of the metadata whose order is asked for, each with an index
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record CollectionSettings(
    @Nullable Precision precision,
    @Nullable Hnsw hnsw,
    @Nullable String language,
    Map<String, FieldType> fields) {

  /// Of a collection that names none.
  static final String DEFAULT_LANGUAGE = "english";

  private static final int MAX_FIELDS = 16;

  /// A name that an index can be named after, within PostgreSQL's 63 bytes.
  private static final Pattern FIELD = Pattern.compile("[A-Za-z0-9_]{1,27}");

  private static final Pattern LANGUAGE = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  private static final ObjectMapper JSON = new ObjectMapper();

  public CollectionSettings(
      @Nullable Precision precision,
      @Nullable Hnsw hnsw,
      @Nullable String language,
      @Nullable Map<String, FieldType> fields) {
    if (language != null && !LANGUAGE.matcher(language).matches()) {
      throw noSuchLanguage(language);
    }
    this.precision = precision;
    this.hnsw = hnsw;
    this.language = language;
    this.fields = fields == null ? new TreeMap<>() : new TreeMap<>(fields);
    if (this.fields.size() > MAX_FIELDS) {
      throw Problem.field("fields", "at most " + MAX_FIELDS + " fields can have an index");
    }
    this.fields.forEach((name, type) -> {
      if (!FIELD.matcher(name).matches()) {
        throw Problem.field(
            "fields",
            "a field with an index lies at the top of the metadata, and its name has 1 to 27 of"
                + " A-Z, a-z, 0-9 and _, unlike "
                + name);
      }
      Input.required("fields." + name, type);
    });
  }

  /// The shape of the index, and how far a search looks in it.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "Hnsw")
  public record Hnsw(
      @Schema(minimum = "2", maximum = "100") @Nullable Integer m,
      @Schema(minimum = "4", maximum = "1000") @Nullable Integer efConstruction,
      @Schema(minimum = "1", maximum = "1000") @Nullable Integer efSearch) {

    public Hnsw {
      range("hnsw.m", m, 2, 100);
      range("hnsw.efConstruction", efConstruction, 4, 1_000);
      range("hnsw.efSearch", efSearch, 1, 1_000);
    }

    /// This with what another says.
    Hnsw with(Hnsw other) {
      return new Hnsw(
          other.m == null ? m : other.m,
          other.efConstruction == null ? efConstruction : other.efConstruction,
          other.efSearch == null ? efSearch : other.efSearch);
    }

    private static void range(String field, @Nullable Integer value, int min, int max) {
      if (value != null) {
        Input.range(field, value, min, max, 0);
      }
    }
  }

  /// The text search configuration of its chunks.
  public String searchLanguage() {
    return language == null ? DEFAULT_LANGUAGE : language;
  }

  /// Candidates of a search in its index.
  public int efSearch(int fallback) {
    return hnsw == null || hnsw.efSearch() == null ? fallback : hnsw.efSearch();
  }

  /// The same with a precision where none was chosen.
  CollectionSettings orPrecision(Precision fallback) {
    return precision == null ? new CollectionSettings(fallback, hnsw, language, fields) : this;
  }

  static CollectionSettings parse(String json) {
    try {
      return JSON.readValue(json, CollectionSettings.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("collection.settings holds what Sheaf did not write", e);
    }
  }

  String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("settings are plain values", e);
    }
  }

  static Problem noSuchLanguage(String language) {
    return Problem.field(
        "language",
        "PostgreSQL has no text search configuration "
            + language
            + "; SELECT cfgname FROM pg_ts_config lists them");
  }
}
