package dev.sheaf.mongodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.IndexOptions;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.Difference.Kind;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.mongodb.MongoSeedResult.Created;
import dev.sheaf.runtime.OperatorException;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against mongo-java-server, over a socket. It takes the place of a MongoDB with these
/// differences: it reports indexes as they were sent (no `_fts`, no complete collations; those are
/// in [MongoIndexDefinitionTest]), it accepts a second definition under a name silently where a
/// server answers with error 85 or 86, and it has no users, no collations of collections and no
/// wildcards.
class MongoSeedIT {

  private static final String SHOP =
      """
      {
        "collections": [
          {
            "name": "orders",
            "indexes": [
              {"keys": {"customer": 1, "placed": -1}, "options": {"name": "orders_customer"}},
              {"keys": {"number": 1}, "options": {"name": "orders_number", "unique": true}},
              {"keys": {"coupon": 1}, "options": {"name": "orders_coupon", "sparse": true}},
              {"keys": {"state": 1}, "options": {"name": "orders_open", "partialFilterExpression": {"total": {"$gt": 100}}}},
              {"keys": {"city": 1}, "options": {"name": "orders_city", "collation": {"locale": "en", "strength": 2}}}
            ]
          },
          {
            "name": "sessions",
            "indexes": [
              {"keys": {"seen": 1}, "options": {"name": "sessions_expire", "expireAfterSeconds": 3600}},
              {"keys": {"title": "text", "body": "text"}, "options": {"name": "sessions_text", "weights": {"title": 10}}}
            ]
          }
        ]
      }
      """;

  /// It logs what it refuses, as the tests want it to. Held, so that it stays off.
  private static final Logger SERVER_LOG = Logger.getLogger("de.bwaldvogel.mongo");

  @BeforeAll
  static void quieten() {
    SERVER_LOG.setLevel(Level.OFF);
  }

  @TempDir Path directory;

  private final de.bwaldvogel.mongo.MongoServer server =
      new de.bwaldvogel.mongo.MongoServer(new MemoryBackend());
  private final InetSocketAddress address = server.bind();
  private final String url = "mongodb://127.0.0.1:%s/shop".formatted(address.getPort());
  private final MongoClient client = MongoClients.create(url);
  private final MongoDatabase database = client.getDatabase("shop");

  @AfterEach
  void stop() {
    client.close();
    server.shutdownNow();
  }

  @Test
  void createsWhatIsMissing() throws IOException {
    write("core", SHOP);
    List<String> heard = new ArrayList<>();

    MongoSeedResult result = seed().seed(heard::add);

    assertThat(result.problems()).isEmpty();
    assertThat(result.created())
        .extracting(Created::object)
        .containsExactly(
            "collection orders",
            "index orders.orders_customer",
            "index orders.orders_number",
            "index orders.orders_coupon",
            "index orders.orders_open",
            "index orders.orders_city",
            "collection sessions",
            "index sessions.sessions_expire",
            "index sessions.sessions_text")
        .isEqualTo(heard);
    assertThat(result.unchanged()).isZero();
    assertThat(seed().verify()).isEmpty();
    assertThat(names("sessions"))
        .containsExactlyInAnyOrder("_id_", "sessions_expire", "sessions_text");
  }

  @Test
  void doesNothingTheSecondTime() throws IOException {
    write("core", SHOP);
    seed().seed().orThrow();

    MongoSeedResult again = seed().seed();

    assertThat(again.success()).isTrue();
    assertThat(again.created()).isEmpty();
    assertThat(again.unchanged()).isEqualTo(9);
  }

  @Test
  void addsToWhatIsThere() throws IOException {
    write("core", SHOP);
    database.getCollection("orders").insertOne(new Document("number", 1));
    database
        .getCollection("orders")
        .createIndex(
            new Document("number", 1), new IndexOptions().name("orders_number").unique(true));

    MongoSeedResult result = seed().seed().orThrow();

    assertThat(result.created()).hasSize(7);
    assertThat(result.unchanged()).isEqualTo(2);
    assertThat(database.getCollection("orders").countDocuments()).isEqualTo(1);
  }

  @Test
  void showsBothDefinitionsOfAConflictAndCreatesNothing() throws IOException {
    write("core", SHOP);
    database
        .getCollection("orders")
        .createIndex(
            new Document("placed", -1).append("customer", 1),
            new IndexOptions().name("orders_customer").unique(true));

    MongoSeedResult result = seed().seed();

    assertThat(result.created()).isEmpty();
    assertThat(result.problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(
            "%s: collection orders, index orders_customer is {\"keys\": {\"customer\": 1, \"placed\": -1}, \"options\": {}} in the file and {\"keys\": {\"placed\": -1, \"customer\": 1}, \"options\": {\"unique\": true}} in the database - say in the file what is there; or give the new one another name, and drop the old one by hand once nothing uses it"
                .formatted(file("core")));
    assertThat(names("orders")).containsExactlyInAnyOrder("_id_", "orders_customer");
    assertThat(database.listCollectionNames().into(new ArrayList<>())).containsExactly("orders");
  }

  @Test
  void saysWhenAConflictCanBeAlteredInPlace() throws IOException {
    write("core", SHOP);
    database
        .getCollection("sessions")
        .createIndex(
            new Document("seen", 1),
            new IndexOptions().name("sessions_expire").expireAfter(60L, TimeUnit.SECONDS));

    assertThatThrownBy(() -> seed().seed().orThrow())
        .hasMessage(
            "%s: collection sessions, index sessions_expire is {\"keys\": {\"seen\": 1}, \"options\": {\"expireAfterSeconds\": 3600}} in the file and {\"keys\": {\"seen\": 1}, \"options\": {\"expireAfterSeconds\": 60}} in the database - collMod changes it in place; or say in the file what is there"
                .formatted(file("core")));
  }

  @Test
  void findsAnIndexUnderAnotherName() throws IOException {
    write("core", SHOP);
    database
        .getCollection("orders")
        .createIndex(new Document("number", 1), new IndexOptions().name("number_1").unique(true));

    assertThatThrownBy(() -> seed().seed().orThrow())
        .hasMessage(
            "%s: collection orders, index orders_number is there under the name number_1: {\"keys\": {\"number\": 1}, \"options\": {\"unique\": true}} - call it that in the file"
                .formatted(file("core")));
  }

  @Test
  void keepsTheValuesOfDuplicatesToItself() throws IOException {
    write("core", SHOP);
    database
        .getCollection("orders")
        .insertMany(List.of(new Document("number", "secret"), new Document("number", "secret")));

    MongoSeedResult result = seed().seed();

    assertThat(result.created())
        .extracting(Created::object)
        .containsExactly("index orders.orders_customer");
    assertThat(result.problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(
            "index orders.orders_number: cannot be unique, documents have the same value already - find them with $group on its keys, and decide which stays");
  }

  @Test
  void namesEveryDifference() throws IOException {
    write("core", SHOP);
    write("audit", SHOP.replace("orders", "events").replace("sessions", "orders"));
    seed().seed().orThrow();
    database.getCollection("orders").dropIndex("orders_open");
    database.getCollection("orders").dropIndex("orders_coupon");
    database
        .getCollection("orders")
        .createIndex(new Document("coupon", 1), new IndexOptions().name("orders_coupon"));
    database.getCollection("orders").createIndex(new Document("by_hand", 1));
    // A module that is off knows this one, so it is not extra.
    database
        .getCollection("orders")
        .createIndex(new Document("seen", 1), new IndexOptions().name("orders_expire"));
    database.getCollection("sessions").drop();
    database.createCollection("somebody_elses");

    assertThat(seed().verify())
        .containsExactly(
            new Difference(Kind.MISSING, "collection sessions", "collection", null),
            new Difference(
                Kind.EXTRA,
                "index orders.by_hand_1",
                null,
                "{\"keys\": {\"by_hand\": 1}, \"options\": {}}"),
            new Difference(
                Kind.CHANGED,
                "index orders.orders_coupon",
                "{\"keys\": {\"coupon\": 1}, \"options\": {\"sparse\": true}}",
                "{\"keys\": {\"coupon\": 1}, \"options\": {}}"),
            new Difference(
                Kind.MISSING,
                "index orders.orders_open",
                "{\"keys\": {\"state\": 1}, \"options\": {\"partialFilterExpression\": {\"total\": {\"$gt\": 100}}}}",
                null),
            new Difference(
                Kind.MISSING,
                "index sessions.sessions_expire",
                "{\"keys\": {\"seen\": 1}, \"options\": {\"expireAfterSeconds\": 3600}}",
                null),
            new Difference(
                Kind.MISSING,
                "index sessions.sessions_text",
                "{\"keys\": {\"body\": \"text\", \"title\": \"text\"}, \"options\": {\"weights\": {\"title\": 10}}}",
                null));
    assertThat(names("orders")).contains("by_hand_1");
  }

  @Test
  void severalMaySeedAtOnce() throws Exception {
    write("core", SHOP);
    int seeders = 8;
    CyclicBarrier together = new CyclicBarrier(seeders);
    List<MongoSeedResult> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(seeders)) {
      Callable<MongoSeedResult> seeder =
          () -> {
            MongoSeed seed = seed();
            together.await();
            return seed.seed();
          };
      List<Future<MongoSeedResult>> futures = new ArrayList<>();
      for (int i = 0; i < seeders; i++) {
        futures.add(threads.submit(seeder));
      }
      for (Future<MongoSeedResult> future : futures) {
        results.add(future.get());
      }
    }

    assertThat(results)
        .allSatisfy(result -> {
          assertThat(result.problems()).isEmpty();
          assertThat(result.created().size() + result.unchanged()).isEqualTo(9);
        });
    assertThat(seed().verify()).isEmpty();
  }

  @Test
  void saysWhereNobodyAnswersAndLogsNothing() throws IOException {
    write("core", SHOP);
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    List<String> logged = new ArrayList<>();
    Handler listener = listener(logged);
    Logger.getLogger("").addHandler(listener);
    MongoSeedResult result;
    try {
      result =
          seed("mongodb://ann:s3cret@127.0.0.1:" + port + "/shop", "sheaf.mongodb.timeout", "300ms")
              .seed();
    } finally {
      Logger.getLogger("").removeHandler(listener);
    }

    assertThat(result.problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(
            "MongoDB does not answer at 127.0.0.1:%s (connection refused) - check sheaf.mongodb.url and whether the server runs; sheaf.mongodb.timeout is how long to look"
                .formatted(port));
    assertThat(logged).noneMatch(line -> line.startsWith("org.mongodb"));
  }

  @Test
  void neverSaysThePassword() throws IOException {
    write("core", SHOP);
    String host = "127.0.0.1:" + address.getPort();

    // This server has no users at all, which the driver sees as a login that failed.
    assertThatThrownBy(() -> seed("mongodb://ann:s3cret@" + host + "/shop").verify())
        .hasMessage(
            "MongoDB at %s refuses the user or the password - see sheaf.mongodb.url; ?authSource=admin when the user is known there"
                .formatted(host));
    for (String malformed :
        List.of("mongodb://ann:s3cret/x@" + host, "mongodb://ann:s3c@ret@" + host)) {
      assertThatThrownBy(() -> seed(malformed, "sheaf.mongodb.database", "shop").verify())
          .hasNoCause()
          .hasMessageStartingWith("sheaf.mongodb.url is no MongoDB URL - as in ");
    }
    assertThatThrownBy(() -> seed("postgres://ann:s3cret@" + host).verify())
        .hasMessageStartingWith(
            "sheaf.mongodb.url does not begin with mongodb:// or mongodb+srv://");
  }

  @Test
  void needsADatabase() throws IOException {
    write("core", SHOP);
    String bare = "mongodb://127.0.0.1:" + address.getPort();

    assertThatThrownBy(() -> seed(bare).verify())
        .hasMessage(
            "no MongoDB database is named - set sheaf.mongodb.database, or end sheaf.mongodb.url with /database");
    assertThat(seed(bare, "sheaf.mongodb.database", "shop").seed().created()).hasSize(9);
    assertThat(names("orders")).contains("orders_number");
  }

  @Test
  void isOffWithoutAUrl() throws IOException {
    write("core", "not even JSON");

    assertThat(MongoSeed.of(config(), modules(), Optional.of(changelogs()))).isEmpty();
    assertThatThrownBy(this::seed).hasMessageStartingWith(file("core") + ": line 1 is not JSON: ");
  }

  @Test
  void saysWhenThereIsNothingToSeed() {
    MongoSeedResult result = seed().seed();

    assertThat(result.success()).isTrue();
    assertThat(result.notes())
        .containsExactly(
            "no enabled module has an indexes.json in " + directory.resolve("mongodb"));
    assertThat(seed().verify()).isEmpty();
  }

  private MongoSeed seed() {
    return seed(url);
  }

  private MongoSeed seed(String mongodb, String... settings) {
    List<String> all = new ArrayList<>(List.of("sheaf.mongodb.url", mongodb));
    all.addAll(List.of(settings));
    return MongoSeed.of(config(all.toArray(String[]::new)), modules(), Optional.of(changelogs()))
        .orElseThrow();
  }

  private static Modules modules() {
    return new Modules(List.of("audit", "core"), List.of("core"));
  }

  private Path changelogs() {
    return directory.resolve("changelog");
  }

  private Path file(String module) {
    return directory.resolve("mongodb").resolve(module).resolve("indexes.json");
  }

  private void write(String module, String json) throws IOException {
    Files.createDirectories(file(module).getParent());
    Files.writeString(file(module), json);
  }

  private List<String> names(String collection) {
    return database
        .getCollection(collection)
        .listIndexes()
        .map(index -> index.getString("name"))
        .into(new ArrayList<>());
  }

  private static MongoConfig config(String... keysAndValues) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      values.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return new SmallRyeConfigBuilder()
        .addDiscoveredConverters()
        .withMapping(MongoConfig.class)
        .withDefaultValues(values)
        .build()
        .getConfigMapping(MongoConfig.class);
  }

  private static Handler listener(List<String> logged) {
    return new Handler() {
      @Override
      public void publish(LogRecord line) {
        synchronized (logged) {
          logged.add(line.getLoggerName() + ": " + line.getMessage());
        }
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
