package dev.sheaf.search;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.pgvector.PGvector;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.testing.Api;
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
  @Inject MemoryBudget memory;
  @Inject ObjectMapper json;

  /// A document, and a question that it answers. Nobody wrote them for this benchmark.
  private record KnownItem(String id, String question, String text) {}

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
    measure("package descriptions", sample(packages(), 1));
    measure("manual pages", sample(manualPages(), 2));
  }

  private static List<KnownItem> sample(List<KnownItem> items, int seed) {
    var shuffled = new ArrayList<>(items);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled.subList(0, Math.min(DOCUMENTS, shuffled.size()));
  }

  private void measure(String name, List<KnownItem> items) throws Exception {
    if (items.size() < 100) {
      System.out.printf("%s: this machine has none%n", name);
      return;
    }
    String collection = Api.newCollection();
    for (KnownItem item : items) {
      Api.put(collection, item.id(), Map.of("text", item.text())).statusCode(201);
    }
    Space space = collections.activeSpace(collection);
    execute("ANALYZE " + space.chunkTable() + ", " + space.embeddingTable());
    List<KnownItem> asked = items.subList(0, Math.min(QUESTIONS, items.size()));
    System.out.printf("%n%s: %s documents, %s questions%n", name, items.size(), asked.size());
    System.out.println("| Search | hit@1 | hit@10 | MRR | nDCG@10 | p50 | of raw vector search |");
    System.out.println("|---|---|---|---|---|---|---|");

    var settings = new LinkedHashMap<String, Map<String, ?>>();
    settings.put("vector", Map.of());
    settings.put("full text, `query`", Map.of("mode", "fulltext"));
    settings.put("full text, `all`", Map.of("mode", "fulltext", "match", "all"));
    settings.put("full text, `any`", Map.of("mode", "fulltext", "match", "any"));
    settings.put("hybrid with `query`", Map.of("mode", "hybrid", "match", "query"));
    settings.put("hybrid", Map.of("mode", "hybrid"));
    settings.put(
        "hybrid by score",
        Map.of("mode", "hybrid", "hybrid", Map.of("by", "score", "vector", 0.6, "fulltext", 0.4)));
    var scores = new LinkedHashMap<String, Scores>();
    settings.forEach((setting, options) -> {
      var found = new Scores();
      for (KnownItem item : asked) {
        found.add(rank(search(collection, item.question(), options, 100), item.id()));
      }
      scores.put(setting, found);
    });
    double raw = median(asked, item -> raw(space, vector(space, item)));
    for (var setting : settings.entrySet()) {
      double p50 =
          median(asked, item -> search(collection, item.question(), setting.getValue(), 10));
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %.2f ms | %.2f |%n",
          setting.getKey(),
          scores.get(setting.getKey()),
          p50,
          p50 / raw);
    }
    System.out.printf("| Lucene | %s | | |%n", lucene(space, asked));
  }

  /// Positions of the expected documents, from 1; 0 if a document was not found.
  private static final class Scores {

    private final List<Integer> ranks = new ArrayList<>();

    void add(int rank) {
      ranks.add(rank);
    }

    private double mean(java.util.function.IntToDoubleFunction gain) {
      return ranks.stream()
          .mapToDouble(rank -> rank == 0 ? 0 : gain.applyAsDouble(rank))
          .average()
          .orElse(0);
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%.3f | %.3f | %.3f | %.4f",
          mean(rank -> rank == 1 ? 1 : 0),
          mean(rank -> rank <= 10 ? 1 : 0),
          mean(rank -> 1.0 / rank),
          mean(rank -> rank <= 10 ? Math.log(2) / Math.log(rank + 1) : 0));
    }
  }

  private static int rank(List<String> documents, String expected) {
    return documents.indexOf(expected) + 1;
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
  private Scores lucene(Space space, List<KnownItem> asked) throws Exception {
    var scores = new Scores();
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
              column("SELECT lexeme FROM unnest(to_tsvector('english', ?))", item.question())) {
            query.add(new TermQuery(new Term("text", lexeme)), BooleanClause.Occur.SHOULD);
          }
          var found = new LinkedHashSet<String>();
          for (ScoreDoc hit : searcher.search(query.build(), 100).scoreDocs) {
            found.add(searcher.storedFields().document(hit.doc).get("id"));
          }
          scores.add(rank(List.copyOf(found), item.id()));
        }
      }
    }
    return scores;
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

  /// The descriptions of packages: the synopsis is the question.
  private static List<KnownItem> packages() throws IOException {
    List<Path> lists = List.of();
    if (Files.isDirectory(APT_LISTS)) {
      try (Stream<Path> files = Files.list(APT_LISTS)) {
        lists = files.filter(file -> file.toString().contains("Translation-en")).sorted().toList();
      }
    }
    if (lists.isEmpty()) {
      System.out.printf(
          "%s has no descriptions: apt-get update -o Acquire::Languages=en gets them. These are the installed packages.%n",
          APT_LISTS);
      return Files.exists(DPKG_STATUS) ? packages(Files.newInputStream(DPKG_STATUS)) : List.of();
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
        if (line.startsWith("Description: ") || line.startsWith("Description-en: ")) {
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
