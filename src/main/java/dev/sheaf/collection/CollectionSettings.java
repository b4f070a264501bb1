package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.embedding.Precision;
import dev.sheaf.filter.FieldType;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The settings of a collection, as the column `collection.settings` contains them. For an absent
/// setting, the configuration of the service applies.
///
/// @param precision the requested precision of the index, if it was changed after the creation of
///   the collection; [dev.sheaf.embedding.Space#precision] is that of the index that searches use
/// @param analyzer what finds the words of texts
/// @param language the name of a text search configuration of PostgreSQL
/// @param titles whether the title of a document is embedded with each chunk, and searched for
///   words
/// @param bm25 how searches for words score chunks
/// @param reanalysis the change of the analysis that is not complete
/// @param recall the declared recall, 0.5 to 0.99: the `ef_search` of searches follows, so that the
///   index finds this fraction of the nearest vectors
/// @param synonyms groups of words and phrases of equal meaning, which searches for words read
/// @param fields the top-level fields of the metadata that have an index for range conditions
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record CollectionSettings(
    @Nullable Precision precision,
    @Nullable Hnsw hnsw,
    @Nullable Analyzer analyzer,
    @Nullable String language,
    @Nullable Boolean titles,
    @Nullable Bm25Parameters bm25,
    @Nullable Reanalysis reanalysis,
    @Nullable Double recall,
    List<List<String>> synonyms,
    // A client must not fail because of a type that it does not know.
    @Schema(
            implementation = Object.class,
            type = SchemaType.OBJECT,
            additionalProperties = String.class,
            description = "The type of each field: number, text or date")
        Map<String, FieldType> fields) {

  static final String DEFAULT_LANGUAGE = "english";

  private static final int MAX_FIELDS = 16;

  /// All groups are read with the settings, for each search.
  private static final int MAX_SYNONYM_GROUPS = 500;

  private static final int MAX_SYNONYMS = 16;
  private static final int MAX_SYNONYM_LENGTH = 100;
  private static final int MAX_SYNONYM_CHARACTERS = 10_000;

  private static final double MIN_RECALL = 0.5;

  /// More cannot be shown with the sample of a measurement.
  private static final double MAX_RECALL = 0.99;

  /// The name of a field is part of the name of its index, which may have 63 bytes.
  private static final Pattern FIELD = Pattern.compile("[A-Za-z0-9_]{1,27}");

  private static final Pattern LANGUAGE = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  private static final ObjectMapper JSON = new ObjectMapper();

  public CollectionSettings(
      @Nullable Precision precision,
      @Nullable Hnsw hnsw,
      @Nullable Analyzer analyzer,
      @Nullable String language,
      @Nullable Boolean titles,
      @Nullable Bm25Parameters bm25,
      @Nullable Reanalysis reanalysis,
      @Nullable Double recall,
      @Nullable List<List<String>> synonyms,
      @Nullable Map<String, FieldType> fields) {
    if (language != null && !LANGUAGE.matcher(language).matches()) {
      throw unknownLanguage(language);
    }
    if (recall != null && !(recall >= MIN_RECALL && recall <= MAX_RECALL)) {
      throw recallOutOfRange(recall);
    }
    this.precision = precision;
    this.hnsw = hnsw;
    this.analyzer = analyzer;
    this.language = language;
    this.titles = titles;
    this.bm25 = bm25;
    this.reanalysis = reanalysis;
    this.recall = recall;
    this.synonyms = checkedSynonyms(synonyms);
    if (!this.synonyms.isEmpty() && analyzer != Analyzer.LUCENE) {
      throw Problem.field("synonyms", "synonyms require the analyzer lucene.");
    }
    this.fields = fields == null ? new TreeMap<>() : new TreeMap<>(fields);
    if (this.fields.size() > MAX_FIELDS) {
      throw Problem.field("fields", "At most " + MAX_FIELDS + " fields can have an index.");
    }
    this.fields.forEach((name, type) -> {
      if (!FIELD.matcher(name).matches()) {
        throw Problem.field(
            "fields",
            "A field with an index must be at the top level of the metadata, and its name must have"
                + " 1 to 27 characters of A-Z, a-z, 0-9 and _, unlike "
                + name
                + ".");
      }
      Input.required("fields." + name, type);
    });
  }

  private static List<List<String>> checkedSynonyms(@Nullable List<List<String>> groups) {
    if (groups == null) {
      return List.of();
    }
    if (groups.size() > MAX_SYNONYM_GROUPS) {
      throw Problem.field(
          "synonyms", "synonyms may have at most " + MAX_SYNONYM_GROUPS + " groups.");
    }
    int characters = 0;
    var checked = new ArrayList<List<String>>();
    for (int i = 0; i < groups.size(); i++) {
      String at = "synonyms[" + i + "]";
      List<String> group = Input.required(at, groups.get(i));
      if (group.size() < 2 || group.size() > MAX_SYNONYMS) {
        throw Problem.field(
            at,
            "%s must have 2 to %s words or phrases, not %s."
                .formatted(at, MAX_SYNONYMS, group.size()));
      }
      for (int j = 0; j < group.size(); j++) {
        String of = at + "[" + j + "]";
        String phrase = Input.required(of, group.get(j));
        Input.storable(of, phrase);
        if (phrase.isBlank() || phrase.length() > MAX_SYNONYM_LENGTH) {
          throw Problem.field(of, of + " must have 1 to " + MAX_SYNONYM_LENGTH + " characters.");
        }
        characters += phrase.length();
      }
      checked.add(List.copyOf(group));
    }
    if (characters > MAX_SYNONYM_CHARACTERS) {
      throw Problem.field(
          "synonyms",
          "synonyms may have at most " + MAX_SYNONYM_CHARACTERS + " characters together.");
    }
    return List.copyOf(checked);
  }

  /// Parameters of the HNSW index and of searches in it, as pgvector's README defines them.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "Hnsw")
  public record Hnsw(
      @Schema(minimum = "2", maximum = "100") @Nullable Integer m,
      @Schema(minimum = "4", maximum = "1000") @Nullable Integer efConstruction,
      @Schema(minimum = "1", maximum = "1000") @Nullable Integer efSearch) {

    public Hnsw {
      range("m", m, 2, 100);
      range("efConstruction", efConstruction, 4, 1_000);
      range("efSearch", efSearch, 1, 1_000);
    }

    /// These parameters, replaced by those that `other` contains.
    Hnsw with(Hnsw other) {
      return new Hnsw(
          other.m == null ? m : other.m,
          other.efConstruction == null ? efConstruction : other.efConstruction,
          other.efSearch == null ? efSearch : other.efSearch);
    }

    @Nullable Hnsw withoutEfSearch() {
      return m == null && efConstruction == null ? null : new Hnsw(m, efConstruction, null);
    }

    private static void range(String field, @Nullable Integer value, int min, int max) {
      if (value != null) {
        Input.range(field, value, min, max, 0);
      }
    }
  }

  /// Parameters of BM25; an absent one is Lucene's default, 1.2 and 0.75.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "Bm25")
  public record Bm25Parameters(
      @Schema(
              minimum = "0.01",
              maximum = "100",
              defaultValue = "1.2",
              description = "How much it counts that a chunk contains a word often")
          @Nullable Double k1,
      @Schema(
              minimum = "0",
              maximum = "1",
              defaultValue = "0.75",
              description = "How much it counts that a chunk is longer than others")
          @Nullable Double b) {

    public Bm25Parameters {
      range("k1", k1, 0.01, 100, "0.01 to 100");
      range("b", b, 0, 1, "0 to 1");
    }

    /// These parameters, replaced by those that `other` contains.
    Bm25Parameters with(Bm25Parameters other) {
      return new Bm25Parameters(other.k1 == null ? k1 : other.k1, other.b == null ? b : other.b);
    }

    private static void range(
        String field, @Nullable Double value, double min, double max, String allowed) {
      if (value != null && !(value >= min && value <= max)) {
        throw Problem.field(
            field, "%s must be a number from %s, not %s.".formatted(field, allowed, value));
      }
    }
  }

  /// What finds the words of texts, in documents and in queries.
  @Schema(name = "Analyzer")
  public enum Analyzer {
    /// The text search configuration of PostgreSQL.
    POSTGRESQL,
    /// [TextAnalyzer].
    LUCENE;

    /// The name in JSON.
    @JsonValue
    public String value() {
      return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
      return value();
    }
  }

  /// How the words of a text are found.
  ///
  /// @param language the name of a text search configuration of PostgreSQL
  public record Analysis(Analyzer analyzer, String language) {

    /// The analyzer of the service, if it finds the words; empty if PostgreSQL does.
    public Optional<TextAnalyzer> textAnalyzer() {
      return analyzer == Analyzer.LUCENE ? TextAnalyzer.of(language) : Optional.empty();
    }
  }

  /// A change of the analysis that is not complete: some chunks still have the words of the former
  /// one.
  ///
  /// @param analyzer the former one
  /// @param language the former one
  /// @param remaining the number of chunks that are left to analyze, an estimate if there are many;
  ///   `null` where it was not read
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "Reanalysis")
  public record Reanalysis(Analyzer analyzer, String language, @Nullable Long remaining) {

    static Reanalysis from(Analysis former) {
      return new Reanalysis(former.analyzer, former.language, null);
    }

    /// The former analysis.
    public Analysis former() {
      return new Analysis(analyzer, language);
    }
  }

  /// How the words of texts are found that are written now.
  public Analysis analysis() {
    return new Analysis(
        analyzer == null ? Analyzer.POSTGRESQL : analyzer,
        language == null ? DEFAULT_LANGUAGE : language);
  }

  CollectionSettings withReanalysis(@Nullable Reanalysis change) {
    return new CollectionSettings(
        precision, hnsw, analyzer, language, titles, bm25, change, recall, synonyms, fields);
  }

  CollectionSettings withRemaining(long remaining) {
    return reanalysis == null
        ? this
        : withReanalysis(new Reanalysis(reanalysis.analyzer(), reanalysis.language(), remaining));
  }

  /// Whether titles are searched with the texts.
  public boolean searchesTitles() {
    return Boolean.TRUE.equals(titles);
  }

  /// The number of candidates that a search considers in the index; `null` if the collection does
  /// not set it.
  @Nullable Integer efSearch() {
    return hnsw == null ? null : hnsw.efSearch();
  }

  /// The recall to hold; `null` if none is declared, or `ef_search` is set, which then applies.
  public @Nullable Double heldRecall() {
    return efSearch() == null ? recall : null;
  }

  /// The links of each node of a new index.
  public int m(int fallback) {
    return hnsw == null || hnsw.m() == null ? fallback : hnsw.m();
  }

  /// These settings, with `fallback` as the precision if they contain none.
  CollectionSettings orPrecision(Precision fallback) {
    return precision == null
        ? new CollectionSettings(
            fallback, hnsw, analyzer, language, titles, bm25, reanalysis, recall, synonyms, fields)
        : this;
  }

  static CollectionSettings parse(String json) {
    try {
      return JSON.readValue(json, CollectionSettings.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("collection.settings is not valid", e);
    }
  }

  String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Settings must be serializable as JSON", e);
    }
  }

  static Problem recallOutOfRange(Object recall) {
    return Problem.field(
        "recall",
        "recall must be a number from %s to %s, not %s.".formatted(MIN_RECALL, MAX_RECALL, recall));
  }

  static Problem unknownLanguage(String language) {
    return Problem.field(
        "language",
        "The language "
            + language
            + " is not available. Choose a text search configuration of PostgreSQL, such as"
            + " english, german or simple.");
  }
}
