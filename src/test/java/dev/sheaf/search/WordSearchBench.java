package dev.sheaf.search;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.pgvector.PGvector;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.search.EvaluationResponse.EvaluatedSetting;
import dev.sheaf.search.EvaluationResponse.MetricEstimates;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.arc.Arc;
import io.quarkus.arc.ManagedContext;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Measures how well and how fast searches for words find what they should. Not part of the tests:
/// `make bench-quality`, described in `bench/README.md`.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class WordSearchBench {

  private static final int DOCUMENTS = Integer.getInteger("sheaf.bench.documents", 3_000);
  private static final int QUESTIONS = Integer.getInteger("sheaf.bench.questions", 300);
  private static final int CHUNKS = Integer.getInteger("sheaf.bench.rows", 100_000);
  private static final int MAX_LENGTH = 3_000;

  /// The lists of `apt-get update`, and what is left if a machine has none with descriptions.
  private static final Path APT_LISTS =
      Path.of(System.getProperty("sheaf.bench.apt-lists", "/var/lib/apt/lists"));

  private static final Pattern SECTION = Pattern.compile("(?m)^\\.S[Hh] *\"?");

  private static final Path DPKG_STATUS = Path.of("/var/lib/dpkg/status");
  private static final Path MANUAL = Path.of("/usr/share/man/man1");

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject SearchService searches;
  @Inject EvaluationService evaluations;
  @Inject MemoryBudget memory;
  @Inject ObjectMapper json;

  /// A document, and a question that it answers. Nobody wrote them for this benchmark.
  private record KnownItem(String id, String question, String text) {

    /// The name of the package or program.
    String title() {
      return id.replaceFirst("\\.[0-9][a-z0-9]*$", "");
    }
  }

  private final ManagedContext request = Arc.container().requestContext();

  @BeforeEach
  void startRequest() {
    request.activate();
  }

  @AfterEach
  void endRequest() {
    request.terminate();
  }

  @Test
  void quality() throws Exception {
    measure("package descriptions", "english", sample(packages("en"), 1));
    measure("manual pages", "english", sample(manualPages(), 2));
    measure("German package descriptions", "german", sample(packages("de"), 4));
  }

  private static List<KnownItem> sample(List<KnownItem> items, int seed) {
    var shuffled = new ArrayList<>(items);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled.subList(0, Math.min(DOCUMENTS, shuffled.size()));
  }

  private void measure(String name, String language, List<KnownItem> items) throws Exception {
    if (items.size() < 100) {
      System.out.printf("%s: this machine has none%n", name);
      return;
    }
    measure(name, language, items, false);
    measure(name + ", titles", language, items, true);
  }

  private void measure(String name, String language, List<KnownItem> items, boolean titles)
      throws Exception {
    String collection = Api.newCollection(Map.of("language", language, "titles", titles));
    for (KnownItem item : items) {
      Api.put(collection, item.id(), Map.of("title", item.title(), "text", item.text()))
          .statusCode(201);
    }
    Space space = collections.activeSpace(collection);
    execute("ANALYZE " + space.chunkTable() + ", " + space.embeddingTable());
    List<KnownItem> asked = items.subList(0, Math.min(QUESTIONS, items.size()));
    System.out.printf("%n%s: %s documents, %s questions%n", name, items.size(), asked.size());
    System.out.println(
        "| Search | hit@1 | hit@10 | MRR@10 | nDCG@10 | nDCG@10 beside vector | better, worse | p50"
            + " | of raw vector search |");
    System.out.println("|---|---|---|---|---|---|---|---|---|");

    var settings = new LinkedHashMap<String, Map<String, ?>>();
    settings.put("vector", Map.of());
    settings.put("full text, `query`", Map.of("mode", "fulltext"));
    settings.put("full text, `all`", Map.of("mode", "fulltext", "match", "all"));
    settings.put("full text, `any`", Map.of("mode", "fulltext", "match", "any"));
    settings.put("hybrid with `query`", Map.of("mode", "hybrid", "match", "query"));
    settings.put("hybrid by rank", Map.of("mode", "hybrid", "hybrid", Map.of("by", "rank")));
    settings.put("hybrid", Map.of("mode", "hybrid"));
    if (titles) {
      for (int weight : List.of(2, 5)) {
        Map<String, Integer> weights = Map.of("title", weight);
        settings.put(
            "`any`, title " + weight,
            Map.of("mode", "fulltext", "match", "any", "weights", weights));
      }
      settings.put("hybrid, title 2", Map.of("mode", "hybrid", "weights", Map.of("title", 2)));
    }
    EvaluationResponse result = evaluate(collection, asked, settings);
    double raw = median(asked, item -> raw(space, vector(space, item)));
    for (EvaluatedSetting setting : result.settings()) {
      Map<String, ?> options = requireNonNull(settings.get(setting.name()));
      double p50 = median(asked, item -> search(collection, item.question(), options, 10));
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %.2f ms | %.2f |%n",
          setting.name(),
          means(setting.metrics()),
          change(setting),
          p50,
          p50 / raw);
    }
    System.out.printf("| Lucene | %s | | | | |%n", lucene(space, language, asked));
  }

  private EvaluationResponse evaluate(
      String collection, List<KnownItem> asked, Map<String, Map<String, ?>> settings)
      throws SQLException {
    List<Map<String, Object>> named = new ArrayList<>();
    settings.forEach((name, options) -> {
      var setting = new LinkedHashMap<String, Object>(options);
      setting.put("name", name);
      named.add(setting);
    });
    List<Map<String, Object>> queries = new ArrayList<>();
    asked.forEach(
        item -> queries.add(Map.of("text", item.question(), "relevant", Map.of(item.id(), 1))));
    try (MemoryBudget.Account account = memory.open()) {
      return evaluations.evaluate(
          collection,
          json.convertValue(Map.of("queries", queries, "settings", named), EvaluationRequest.class),
          account);
    }
  }

  private static String means(MetricEstimates metrics) {
    return String.format(
        Locale.ROOT,
        "%.3f | %.3f | %.3f | %.4f",
        metrics.hitAt1().mean(),
        metrics.hitRate().mean(),
        metrics.mrr().mean(),
        metrics.ndcg().mean());
  }

  private static String change(EvaluatedSetting setting) {
    MetricEstimates change = setting.change();
    return change == null
        ? "|"
        : String.format(
            Locale.ROOT,
            "%+.3f (%+.3f to %+.3f) | %s, %s",
            change.ndcg().mean(),
            change.ndcg().low(),
            change.ndcg().high(),
            setting.better(),
            setting.worse());
  }

  private interface Work<T> {
    Object of(T input) throws Exception;
  }

  /// The median time in milliseconds, after a round for the compiler.
  private static <T> double median(List<T> inputs, Work<T> work) throws Exception {
    var times = new ArrayList<Long>();
    for (int round = 0; round < 3; round++) {
      times.clear();
      for (T input : inputs) {
        long start = System.nanoTime();
        work.of(input);
        times.add(System.nanoTime() - start);
      }
    }
    Collections.sort(times);
    return times.get(times.size() / 2) / 1e6;
  }

  private List<String> search(String collection, String text, Map<String, ?> options, int limit) {
    var search = new LinkedHashMap<String, Object>(options);
    search.put("text", text);
    search.put("limit", limit);
    try (MemoryBudget.Account account = memory.open()) {
      var documents = new LinkedHashSet<String>();
      searches
          .search(collection, json.convertValue(search, SearchRequest.class), null, account)
          .hits()
          .forEach(hit -> documents.add(hit.document()));
      return List.copyOf(documents);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Inject QueryVectors vectors;

  private float[] vector(Space space, KnownItem item) {
    return vectors.embed(space, item.question());
  }

  private List<String> raw(Space space, float[] vector) throws SQLException {
    return column(
        """
        SELECT c.text
          FROM (SELECT document_id, ordinal, vector <=> ? AS distance FROM %s ORDER BY distance LIMIT 10) e
          JOIN %s c USING (document_id, ordinal)
         ORDER BY distance
        """
            .formatted(space.embeddingTable(), space.chunkTable()),
        new PGvector(vector));
  }

  private List<String> column(String sql, Object... parameters) throws SQLException {
    var values = new ArrayList<String>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        select.setObject(i + 1, parameters[i]);
      }
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          values.add(row.getString(1));
        }
      }
    }
    return values;
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /// Lucene's BM25 over the words of the same tsvectors.
  private String lucene(Space space, String language, List<KnownItem> asked) throws Exception {
    var metrics = new ArrayList<RankingMetrics>();
    try (var directory = new ByteBuffersDirectory()) {
      var config = new IndexWriterConfig().setSimilarity(new BM25Similarity());
      try (var writer = new IndexWriter(directory, config);
          Connection connection = dataSource.getConnection();
          Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  """
                  SELECT d.external_id,
                         (SELECT array_agg(w.lexeme) FROM unnest(c.search) w, unnest(w.positions))
                    FROM %s c
                    JOIN %s d ON d.id = c.document_id
                  """
                      .formatted(space.chunkTable(), space.documentTable()))) {
        while (row.next()) {
          var chunk = new Document();
          chunk.add(new StoredField("id", row.getString(1)));
          chunk.add(new TextField("text", new Lexemes((String[]) row.getArray(2).getArray())));
          writer.addDocument(chunk);
        }
      }
      try (var reader = DirectoryReader.open(directory)) {
        var searcher = new IndexSearcher(reader);
        searcher.setSimilarity(new BM25Similarity());
        for (KnownItem item : asked) {
          var query = new BooleanQuery.Builder();
          for (String lexeme :
              column(
                  "SELECT lexeme FROM unnest(to_tsvector(?::regconfig, ?))",
                  language,
                  item.question())) {
            query.add(new TermQuery(new Term("text", lexeme)), BooleanClause.Occur.SHOULD);
          }
          var found = new LinkedHashSet<String>();
          for (ScoreDoc hit : searcher.search(query.build(), 100).scoreDocs) {
            found.add(searcher.storedFields().document(hit.doc).get("id"));
          }
          metrics.add(RankingMetrics.of(List.copyOf(found), Map.of(item.id(), 1), 10));
        }
      }
    }
    return String.format(
        Locale.ROOT,
        "%.3f | %.3f | %.3f | %.4f",
        metrics.stream().mapToDouble(RankingMetrics::hitAt1).average().orElseThrow(),
        metrics.stream().mapToDouble(RankingMetrics::hitRate).average().orElseThrow(),
        metrics.stream().mapToDouble(RankingMetrics::mrr).average().orElseThrow(),
        metrics.stream().mapToDouble(RankingMetrics::ndcg).average().orElseThrow());
  }

  private static final class Lexemes extends TokenStream {

    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final String[] lexemes;
    private int next;

    Lexemes(String[] lexemes) {
      this.lexemes = lexemes;
    }

    @Override
    public boolean incrementToken() {
      if (next == lexemes.length) {
        return false;
      }
      clearAttributes();
      term.append(lexemes[next++]);
      return true;
    }
  }

  /// The descriptions of packages: the synopsis is the question. Only those in English are on every
  /// machine.
  private static List<KnownItem> packages(String language) throws IOException {
    List<Path> lists = List.of();
    if (Files.isDirectory(APT_LISTS)) {
      try (Stream<Path> files = Files.list(APT_LISTS)) {
        lists =
            files
                .filter(file -> file.toString().contains("Translation-" + language))
                .sorted()
                .toList();
      }
    }
    if (lists.isEmpty()) {
      System.out.printf(
          "%s has no descriptions: apt-get update -o Acquire::Languages=%s gets them.%n",
          APT_LISTS, language);
      return language.equals("en") && Files.exists(DPKG_STATUS)
          ? packages(Files.newInputStream(DPKG_STATUS))
          : List.of();
    }
    var items = new LinkedHashMap<String, KnownItem>();
    for (Path list : lists) {
      // The lists are compressed, which apt knows how.
      Process cat =
          new ProcessBuilder("/usr/lib/apt/apt-helper", "cat-file", list.toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      packages(cat.getInputStream()).forEach(item -> items.putIfAbsent(item.id(), item));
    }
    return List.copyOf(items.values());
  }

  private static List<KnownItem> packages(InputStream records) throws IOException {
    var items = new LinkedHashMap<String, KnownItem>();
    try (var reader = new BufferedReader(new InputStreamReader(records, StandardCharsets.UTF_8))) {
      @Nullable String name = null;
      @Nullable String synopsis = null;
      var text = new StringBuilder();
      boolean inDescription = false;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("Package: ")) {
          name = line.substring(9);
        }
        if (line.startsWith("Description: ")
            || line.startsWith("Description-en: ")
            || line.startsWith("Description-de: ")) {
          synopsis = line.substring(line.indexOf(' ') + 1);
          inDescription = true;
        } else if (inDescription && line.startsWith(" ")) {
          text.append(line.equals(" .") ? "" : line.strip()).append('\n');
        } else if (inDescription) {
          if (name != null && synopsis != null && text.length() > 100) {
            items.putIfAbsent(text.toString(), new KnownItem(name, synopsis, cut(text.toString())));
          }
          text.setLength(0);
          inDescription = false;
        }
      }
    }
    return List.copyOf(items.values());
  }

  private static String cut(String text) {
    return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH);
  }

  /// Manual pages without their NAME, whose explanation is the question.
  private static List<KnownItem> manualPages() throws IOException {
    if (!Files.isDirectory(MANUAL)) {
      return List.of();
    }
    var items = new LinkedHashMap<String, KnownItem>();
    List<Path> pages;
    try (Stream<Path> files = Files.list(MANUAL)) {
      pages =
          files
              .filter(file -> file.toString().endsWith(".gz") && !Files.isSymbolicLink(file))
              .sorted()
              .toList();
    }
    var shuffled = new ArrayList<>(pages);
    Collections.shuffle(shuffled, new Random(3));
    for (Path page : shuffled.subList(0, Math.min(3 * DOCUMENTS, shuffled.size()))) {
      try (var in = new GZIPInputStream(Files.newInputStream(page))) {
        String source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        KnownItem item = manualPage(page.getFileName().toString(), source);
        if (item != null) {
          items.putIfAbsent(item.question(), item);
        }
      }
    }
    return List.copyOf(items.values());
  }

  private static @Nullable KnownItem manualPage(String file, String source) {
    String plain =
        source
            .replaceAll("\\\\f(?:\\[[A-Z]*]|[A-Z])|\\\\&|\\\\s[-+]?\\d", "")
            .replace("\\-", "-")
            .replace("\\(aq", "'")
            .replace("\\(lq", "\"")
            .replace("\\(rq", "\"");
    List<String> sections = SECTION.splitAsStream(plain).skip(1).toList();
    String question = null;
    var text = new StringBuilder();
    for (String section : sections) {
      String[] lines = section.split("\n", 2);
      String body = lines.length < 2 ? "" : lines[1].replaceAll("(?m)^[.'].*\n?", "").strip();
      if (lines[0].startsWith("NAME")) {
        String[] parts = body.split(" -+ ", 2);
        question = parts.length == 2 ? parts[1].lines().findFirst().orElse("").strip() : null;
      } else if (lines[0].startsWith("DESCRIPTION")) {
        text.append(body);
      }
    }
    return question == null || question.length() < 12 || text.length() < 200
        ? null
        : new KnownItem(file.replace(".gz", ""), question, cut(text.toString()));
  }

  /// One word is in each fourth chunk, one in each fifth, one in each third; others are rare.
  @Test
  void speed() throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2, "metric", "l2"));
    Space space = collections.activeSpace(collection);
    execute(
        """
        INSERT INTO %s (collection_id, id, external_id, content_hash)
        SELECT %s, md5(n::text)::uuid, 'd' || n, sha256('') FROM generate_series(1, %s) n
        """
            .formatted(space.documentTable(), space.collectionId(), CHUNKS));
    execute(
        """
        SELECT setseed(0.5);
        INSERT INTO %s (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)
        SELECT %s, md5(n::text)::uuid, 0,
               concat_ws(' ', CASE WHEN random() < 0.20 THEN 'tide' END, CASE WHEN random() < 0.25 THEN 'moon' END,
                              CASE WHEN random() < 0.30 THEN 'shore' END,
                              (SELECT string_agg('w' || (exp(random() * 11))::int, ' ')
                                 FROM generate_series(1, 10 + (random() * 40)::int + n %% 2))),
               1, 0, 9
          FROM generate_series(1, %s) n
        """
            .formatted(space.chunkTable(), space.collectionId(), CHUNKS));
    execute("VACUUM ANALYZE " + space.chunkTable());
    var random = new Random(7);
    List<String> rare =
        Stream.generate(() -> "w" + (20_000 + random.nextInt(30_000))).limit(300).toList();
    List<String> several =
        Stream.generate(() -> "w%s w%s w%s".formatted(rank(random), rank(random), rank(random)))
            .limit(300)
            .toList();
    var queries = new LinkedHashMap<String, List<String>>();
    queries.put("a rare word", rare);
    queries.put("three words as in texts", several);
    queries.put("a word in 25%", Collections.nCopies(50, "moon"));
    queries.put("three in 20, 25 and 30%", Collections.nCopies(50, "tide moon shore"));
    queries.put("three and a rare one", rare.stream().map(w -> w + " tide moon shore").toList());
    System.out.printf("%n%s chunks; p50 in ms%n", CHUNKS);
    System.out.println("| Words | `any` | `all` | `query` | by hand: `ts_rank_cd` of any |");
    System.out.println("|---|---|---|---|---|");
    for (var query : queries.entrySet()) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %.2f | %.2f | %.2f | %.2f |%n",
          query.getKey(),
          median(query.getValue(), text -> words(collection, text, "any")),
          median(query.getValue(), text -> words(collection, text, "all")),
          median(query.getValue(), text -> words(collection, text, "query")),
          median(query.getValue(), text -> byHand(space, text)));
    }
  }

  private static int rank(Random random) {
    return (int) Math.exp(3 + random.nextDouble() * 5);
  }

  private List<String> words(String collection, String text, String match) {
    return search(collection, text, Map.of("mode", "fulltext", "match", match), 10);
  }

  private List<String> byHand(Space space, String text) throws SQLException {
    return column(
        """
        SELECT c.text
          FROM %s c, to_tsquery('english', ?) q
         WHERE c.search @@ q
         ORDER BY ts_rank_cd(c.search, q) DESC
         LIMIT 10
        """
            .formatted(space.chunkTable()),
        text.replace(" ", " | "));
  }
}
