package dev.sheaf.limits;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/// The table of all bounds in docs/limits.md says what the code does.
class LimitsPageTest {

  private static final Path PAGE = Path.of("docs/limits.md");
  private static final Path PROPERTIES = Path.of("src/main/resources/application.properties");

  @Test
  void theTableIsTheCode() throws Exception {
    Map<String, String> code = new LinkedHashMap<>();
    code.put("open connections", property("quarkus.http.limits.max-connections"));
    code.put("time until the first headers", setting("limits.LimitsConfig", "headerTimeout"));
    code.put("time between two requests", setting("limits.LimitsConfig", "keepAlive"));
    code.put("characters of a URL", property("quarkus.http.limits.max-initial-line-length"));
    code.put("bytes of a body that is not an upload", maxBodySize());
    code.put(
        "bytes of a body for an operation without one",
        constant("limits.BodyLimit", "IGNORED_BYTES"));
    code.put(
        "bytes per second at which a body is sent, or an answer is read",
        setting("limits.LimitsConfig", "transferRate"));
    code.put(
        "time that a client may be behind this rate",
        setting("limits.LimitsConfig", "transferGrace"));
    code.put(
        "the same for an upload, an export or events",
        setting("limits.LimitsConfig", "streamRate"));
    code.put(
        "time that an upload, an export or events may be behind it",
        setting("limits.LimitsConfig", "streamGrace"));
    code.put("levels of any JSON", constant("http.StrictJson", "MAX_DEPTH"));
    code.put("characters of a name in JSON", constant("http.StrictJson", "MAX_NAME"));
    code.put("characters of a number in JSON", constant("http.StrictJson", "MAX_NUMBER"));
    code.put("digits of a number, written without exponent", constant("http.Input", "MAX_DIGITS"));
    code.put("levels of free JSON: metadata, filters", constant("http.BoundedJson", "MAX_DEPTH"));
    code.put("values of all free JSON of a body", constant("http.BoundedJson", "MAX_TREE_VALUES"));
    code.put(
        "bytes of the metadata of a document", constant("document.DocumentMetadata", "MAX_BYTES"));
    code.put(
        "values in the metadata of a document",
        constant("document.DocumentMetadata", "MAX_VALUES"));
    code.put("bytes of an id", constant("document.DocumentPreparer", "MAX_ID_BYTES"));
    code.put("bytes of a title", constant("document.DocumentContent", "MAX_TITLE_BYTES"));
    code.put("bytes of a uri", constant("document.DocumentContent", "MAX_URI_BYTES"));
    code.put(
        "chunks that a client sends with a document",
        constant("document.DocumentContent", "MAX_CHUNKS"));
    code.put("bytes of such a chunk", constant("document.ClientChunk", "MAX_TEXT_BYTES"));
    code.put("bytes of the text of a search", constant("search.SearchRequest", "MAX_TEXT_BYTES"));
    code.put("words of the text of a search", constant("search.SearchWords", "MAX"));
    code.put("`limit` plus `offset` of a search", constant("search.SearchRequest", "MAX_LIMIT"));
    code.put(
        "`limit` of a page of collections", constant("collection.CollectionResource", "MAX_PAGE"));
    code.put("`limit` of a page of documents", constant("document.DocumentResource", "MAX_PAGE"));
    code.put("`limit` of similar documents", constant("document.DocumentResource", "MAX_SIMILAR"));
    code.put(
        "chunks of a new document that `ifSimilar` compares",
        constant("document.IfSimilar", "CHUNKS"));
    code.put(
        "examples of a search (`alsoLike`, `unlike`), each",
        constant("search.SimilarTo", "MAX_EXAMPLES"));
    code.put(
        "hits of a document (`groupSize`)", constant("search.SearchRequest", "MAX_GROUP_SIZE"));
    code.put(
        "passages of a hit (`passages.limit`)", constant("search.PassageRequest", "MAX_LIMIT"));
    code.put(
        "characters of a passage (`passages.length`)",
        constant("search.PassageRequest", "MAX_LENGTH"));
    code.put("matches of a hit", constant("search.SearchRequest", "MAX_MATCHES"));
    code.put("searches of a batch", constant("search.SearchBatch", "MAX_SEARCHES"));
    code.put(
        "collections of a search", constant("search.FederatedSearchRequest", "MAX_COLLECTIONS"));
    code.put("hits of a batch, by `limit`", constant("search.SearchBatch", "MAX_HITS"));
    code.put("facets of a search", constant("search.Facet", "MAX_FACETS"));
    code.put("values of a facet (`limit`)", constant("search.Facet", "MAX_LIMIT"));
    code.put("ranges of a facet", constant("search.Facet", "MAX_RANGES"));
    code.put("bytes of a value of a facet", constant("search.MatchCounter", "MAX_VALUE_BYTES"));
    code.put("questions that an index is tuned with", constant("index.TuneIndex", "MAX_QUESTIONS"));
    code.put(
        "`efSearch` that holds a declared recall", setting("index.IndexConfig", "maxEfSearch"));
    code.put("queries of an evaluation", constant("search.EvaluationRequest", "MAX_QUERIES"));
    code.put("settings of an evaluation", constant("search.EvaluationRequest", "MAX_SETTINGS"));
    code.put(
        "judged documents of an evaluation",
        constant("search.EvaluationRequest", "MAX_JUDGEMENTS"));
    code.put(
        "documents of an answer that an evaluation considers (`k`)",
        constant("search.EvaluationRequest", "MAX_K"));
    code.put("time of an evaluation", setting("search.SearchConfig", "evaluationTimeout"));
    code.put(
        "chunks before a hit, and after it (`expand`)", constant("search.Expand", "MAX_CHUNKS"));
    code.put("boosts of a search", constant("search.Boost", "MAX_BOOSTS"));
    code.put(
        "hits that boosts and diversity put in order (`window` times `groupSize`)",
        constant("search.SearchRequest", "MAX_WINDOW"));
    code.put("hits that are reranked", setting("search.RerankConfig", "maxHits"));
    code.put(
        "texts of a request to the server for reranking, or of a batch of the model in the service",
        setting("search.RerankConfig", "batchSize"));
    code.put("bytes of each of these texts", setting("search.RerankConfig", "maxText"));
    code.put("time for reranking", setting("search.RerankConfig", "timeout"));
    code.put("concurrent requests for reranking", setting("search.RerankConfig", "concurrency"));
    code.put(
        "tokens of a query and a text that a model in the service reranks",
        setting("search.RerankConfig", "maxTokens"));
    code.put(
        "groups of synonyms of a collection",
        constant("collection.CollectionSettings", "MAX_SYNONYM_GROUPS"));
    code.put(
        "words and phrases of a group of synonyms",
        constant("collection.CollectionSettings", "MAX_SYNONYMS"));
    code.put(
        "characters of each of them",
        constant("collection.CollectionSettings", "MAX_SYNONYM_LENGTH"));
    code.put(
        "characters of all synonyms of a collection",
        constant("collection.CollectionSettings", "MAX_SYNONYM_CHARACTERS"));
    code.put("levels of a filter", constant("filter.FilterParser", "MAX_DEPTH"));
    code.put("values of a filter", constant("filter.FilterParser", "MAX_VALUES"));
    code.put("names in the path of a field", constant("filter.FilterParser", "MAX_NAMES"));
    code.put("bytes of a text in a filter", constant("filter.FilterParser", "MAX_TEXT_BYTES"));
    code.put(
        "characters of all texts in a filter", constant("filter.FilterParser", "MAX_CHARACTERS"));
    code.put(
        "parameters that a filter needs in SQL", constant("filter.FilterSql", "MAX_PARAMETERS"));
    code.put(
        "texts of an embedding request", constant("embedding.EmbeddingResource", "MAX_INPUTS"));
    code.put(
        "texts that a model embeds at a time for one embedding request",
        constant("embedding.EmbeddingResource", "GROUP_TEXTS"));
    code.put(
        "tokens that a model embeds at a time for one embedding request",
        constant("embedding.EmbeddingResource", "GROUP_TOKENS"));
    code.put("open uploads", setting("limits.LimitsConfig", "openUploads"));
    code.put("open uploads of one caller", setting("limits.LimitsConfig", "openUploadsPerCaller"));
    code.put("open exports", setting("limits.LimitsConfig", "openExports"));
    code.put("open exports of one caller", setting("limits.LimitsConfig", "openExportsPerCaller"));
    code.put(
        "bytes that all exports have read ahead of their clients",
        setting("limits.LimitsConfig", "exportSpool"));
    code.put("bytes of a line of an upload", setting("ingestion.IngestionConfig", "maxLineSize"));
    code.put(
        "bytes of a stored upload, uncompressed",
        setting("ingestion.IngestionConfig", "maxStoredSize"));
    code.put(
        "uncompressed by compressed bytes of an upload, past 8 MB",
        constant("http.ContentEncoding", "MAX_RATIO"));
    code.put(
        "bytes of the stored uploads of one caller that are not loaded yet, uncompressed",
        setting("ingestion.IngestionConfig", "maxWaitingSize"));
    code.put(
        "bytes of the uploads of failed jobs of one caller, uncompressed",
        setting("ingestion.IngestionConfig", "maxFailedSize"));
    code.put("errors that an upload keeps", setting("ingestion.IngestionConfig", "keptErrors"));
    code.put("time of a search in the database", setting("search.SearchConfig", "timeout"));
    code.put("time of a request's own `timeout`", setting("search.SearchConfig", "maxTimeout"));
    code.put(
        "time of any other statement in the database",
        setting("database.DatabaseConfig", "timeout"));
    code.put(
        "time of a request that deletes by a filter", setting("limits.LimitsConfig", "deleteTime"));
    code.put(
        "wait for a lock that another session holds",
        setting("database.DatabaseConfig", "lockTimeout"));
    code.put(
        "rows that an index search with a filter scans",
        setting("search.SearchConfig", "maxScanned"));
    code.put(
        "percentage of the permits that one collection holds",
        setting("limits.LimitsConfig", "collectionShare"));
    code.put(
        "time for which a connection to the database is used",
        property("quarkus.datasource.jdbc.max-lifetime"));
    code.put(
        "rows that are counted without `count=true`", constant("database.RowCount", "COUNTED"));
    code.put(
        "collections that a check of the indexes looks at, beside those that changed",
        constant("index.CollectionsToCheck", "PAGE"));
    code.put("event streams of jobs", setting("limits.LimitsConfig", "eventStreams"));
    code.put(
        "event streams of one caller", setting("limits.LimitsConfig", "eventStreamsPerCaller"));

    assertThat(page()).containsExactlyEntriesOf(code);
  }

  /// The first two columns of the table.
  private static Map<String, String> page() throws IOException {
    String text = Files.readString(PAGE);
    Map<String, String> rows = new LinkedHashMap<>();
    text.substring(text.indexOf("| Bound |"))
        .lines()
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .map(line -> line.split("\\|", -1))
        .forEach(cells -> rows.put(cells[1].strip(), cells[2].strip().replace("`", "")));
    return rows;
  }

  private static String constant(String type, String name) throws ReflectiveOperationException {
    Field field = Class.forName("dev.sheaf." + type).getDeclaredField(name);
    field.setAccessible(true);
    return String.valueOf(field.get(null));
  }

  private static String setting(String type, String name) throws ReflectiveOperationException {
    Method method = Class.forName("dev.sheaf." + type).getMethod(name);
    return method.getAnnotation(WithDefault.class).value();
  }

  private static String maxBodySize() {
    return Arrays.stream(BodyLimit.class.getDeclaredConstructors()[0].getParameters())
        .map(parameter -> parameter.getAnnotation(ConfigProperty.class))
        .filter(property -> property != null && property.name().equals("sheaf.http.max-body-size"))
        .map(ConfigProperty::defaultValue)
        .findFirst()
        .orElseThrow();
  }

  private static String property(String name) throws IOException {
    var properties = new Properties();
    try (Reader in = Files.newBufferedReader(PROPERTIES)) {
      properties.load(in);
    }
    return properties.getProperty(name);
  }
}
