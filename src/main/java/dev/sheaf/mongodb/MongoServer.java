package dev.sheaf.mongodb;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoSecurityException;
import com.mongodb.MongoSocketException;
import com.mongodb.MongoTimeoutException;
import com.mongodb.ReadPreference;
import com.mongodb.ServerAddress;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import com.mongodb.connection.ClusterDescription;
import com.mongodb.connection.ServerDescription;
import dev.sheaf.runtime.NativeExecutable;
import dev.sheaf.runtime.OperatorException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// A connection to a database, and the translation of its failures. Messages never contain the URL,
/// because the driver quotes parts of it: it takes a password with a slash for a part of the host.
final class MongoServer implements AutoCloseable {

  private static final int UNAUTHORIZED = 13;
  private static final int AUTHENTICATION_FAILED = 18;
  private static final int NAMESPACE_EXISTS = 48;
  private static final int INDEX_OPTIONS_CONFLICT = 85;
  private static final int INDEX_KEYS_CONFLICT = 86;
  private static final int DUPLICATE_KEY = 11000;

  /// The driver logs every attempt to connect, and each failure is an exception as well. The field
  /// keeps the logger, because the level of an unreferenced logger is lost.
  private static final Logger DRIVER_LOG = Logger.getLogger("org.mongodb.driver");

  private final MongoClient client;
  private final MongoDatabase database;
  private final String hosts;

  private MongoServer(MongoClient client, MongoDatabase database, String hosts) {
    this.client = client;
    this.database = database;
    this.hosts = hosts;
  }

  /// Creates the client, which connects on first use.
  ///
  /// @throws OperatorException if the settings are invalid, and in a native executable, for which
  ///   the driver needs libraries that Sheaf leaves out
  static MongoServer of(MongoConfig config) {
    if (NativeExecutable.RUNS) {
      throw new OperatorException(
          "the native executable has no driver for MongoDB",
          "run the command with the image that has a JVM, or unset sheaf.mongodb.url");
    }
    DRIVER_LOG.setLevel(Level.OFF);
    String url = config.url().orElseThrow(MongoSeed::off).strip();
    ConnectionString parsed = parse(url);
    String name = config.database().orElse(parsed.getDatabase());
    if (name == null) {
      throw new OperatorException(
          "no MongoDB database is named",
          "set sheaf.mongodb.database, or end sheaf.mongodb.url with /database");
    }
    if (name.isEmpty() || name.matches("(?s).*[/\\\\. \"$\\x00].*")) {
      throw new OperatorException(
          "\"%s\" cannot be a MongoDB database".formatted(name), "see sheaf.mongodb.database");
    }
    long timeout = Math.max(1, config.timeout().toMillis());
    MongoClient client;
    try {
      client =
          MongoClients.create(
              MongoClientSettings.builder()
                  .applicationName("sheaf")
                  .applyToClusterSettings(
                      cluster -> cluster.serverSelectionTimeout(timeout, TimeUnit.MILLISECONDS))
                  .applyToSocketSettings(
                      socket -> socket.connectTimeout(timeout, TimeUnit.MILLISECONDS))
                  .applyConnectionString(parsed)
                  // A secondary may not know yet what was just created.
                  .readPreference(ReadPreference.primary())
                  .build());
    } catch (IllegalArgumentException | IllegalStateException | MongoException _) {
      throw malformed();
    }
    return new MongoServer(client, client.getDatabase(name), hosts(parsed));
  }

  private static ConnectionString parse(String url) {
    if (!url.startsWith("mongodb://") && !url.startsWith("mongodb+srv://")) {
      throw new OperatorException(
          "sheaf.mongodb.url does not begin with mongodb:// or mongodb+srv://",
          "as in mongodb://user:password@host:27017/database");
    }
    try {
      return new ConnectionString(url);
    } catch (IllegalArgumentException _) {
      throw malformed();
    } catch (MongoException _) {
      throw unknownName();
    }
  }

  private static OperatorException unknownName() {
    return new OperatorException(
        "the host of sheaf.mongodb.url has no DNS records that mongodb+srv needs",
        "check the name, or give the servers as mongodb://host:port,host:port/database");
  }

  /// Omits the cause, because its message quotes the URL.
  private static OperatorException malformed() {
    return new OperatorException(
        "sheaf.mongodb.url is no MongoDB URL",
        "as in mongodb://user:password@host:27017/database; in user and password every one of"
            + " : / ? # [ ] @ % is written as %3A %2F %3F %23 %5B %5D %40 %25");
  }

  /// The entries of `listCollections`, by name.
  SortedMap<String, BsonDocument> collections() {
    SortedMap<String, BsonDocument> collections = new TreeMap<>();
    for (BsonDocument collection : database.listCollections(BsonDocument.class)) {
      collections.put(collection.getString("name").getValue(), collection);
    }
    return collections;
  }

  /// The entries of `listIndexes`, by name; empty if the collection does not exist.
  SortedMap<String, BsonDocument> indexes(String collection) {
    SortedMap<String, BsonDocument> indexes = new TreeMap<>();
    for (BsonDocument index : database.getCollection(collection).listIndexes(BsonDocument.class)) {
      indexes.put(index.getString("name").getValue(), index);
    }
    return indexes;
  }

  /// Creates a collection if it does not exist.
  ///
  /// @return whether it was created
  boolean createCollection(String name) {
    try {
      database.createCollection(name);
      return true;
    } catch (MongoCommandException e) {
      if (e.getErrorCode() == NAMESPACE_EXISTS) {
        return false;
      }
      throw e;
    }
  }

  /// Creates an index and returns when it is built.
  ///
  /// @return whether it was created
  boolean createIndex(String collection, MongoIndex index) {
    BsonDocument reply =
        database.runCommand(
            new BsonDocument("createIndexes", new BsonString(collection))
                .append("indexes", new BsonArray(List.of(index.specification()))),
            BsonDocument.class);
    // A router of a sharded cluster counts per shard, elsewhere.
    BsonValue before = reply.get("numIndexesBefore");
    return before == null
        || !before.isNumber()
        || before.asNumber().intValue()
            != reply.getNumber("numIndexesAfter", new BsonInt32(-1)).intValue();
  }

  /// Whether `e` reports that an index of the same name or the same keys exists.
  static boolean isConflict(MongoException e) {
    return e.getCode() == INDEX_OPTIONS_CONFLICT || e.getCode() == INDEX_KEYS_CONFLICT;
  }

  /// Translates a failure of the driver.
  ///
  /// @param object the object that was being created, if any
  OperatorException explain(MongoException e, @Nullable String object) {
    String of = object == null ? "" : object + ": ";
    return switch (e) {
      case MongoTimeoutException _ -> unreachable(e);
      case MongoSecurityException _ ->
          new OperatorException(
              "MongoDB at %s refuses the user or the password".formatted(hosts),
              "see sheaf.mongodb.url; ?authSource=admin when the user is known there",
              e);
      case MongoSocketException _ ->
          new OperatorException(
              of + "the connection to MongoDB at " + hosts + " broke",
              "run it again: what is there already stays",
              e);
      case MongoCommandException command -> explain(command, of);
      default ->
          new OperatorException(
              "%sMongoDB at %s: %s".formatted(of, hosts, firstLine(e.getMessage())), "", e);
    };
  }

  private OperatorException explain(MongoCommandException e, String of) {
    return switch (e.getErrorCode()) {
      case UNAUTHORIZED, AUTHENTICATION_FAILED ->
          new OperatorException(
              "%sMongoDB at %s: the user may not do that in database %s"
                  .formatted(of, hosts, database.getName()),
              "it needs the role readWrite there, or listCollections, listIndexes, createCollection"
                  + " and createIndex",
              e);
      case DUPLICATE_KEY ->
          // The server's message quotes the value, which is somebody's data.
          new OperatorException(
              of + "cannot be unique, documents have the same value already",
              "find them with $group on its keys, and decide which stays");
      default ->
          new OperatorException(
              "%sMongoDB at %s: %s (%s)"
                  .formatted(
                      of,
                      hosts,
                      firstLine(e.getErrorMessage()),
                      e.getErrorCodeName().isEmpty() ? e.getErrorCode() : e.getErrorCodeName()),
              "",
              e);
    };
  }

  private OperatorException unreachable(MongoException e) {
    ClusterDescription cluster = client.getClusterDescription();
    if (cluster.getSrvResolutionException() != null) {
      return unknownName();
    }
    List<ServerDescription> servers = cluster.getServerDescriptions();
    if (servers.stream().anyMatch(ServerDescription::isOk)) {
      return new OperatorException(
          "no server of MongoDB at %s takes writes".formatted(hosts),
          "the replica set has no primary now, or none that can be reached from here",
          e);
    }
    List<String> reasons = new ArrayList<>();
    for (ServerDescription server : servers) {
      reasons.add(address(server.getAddress()) + " (" + reason(server.getException()) + ")");
    }
    return new OperatorException(
        "MongoDB does not answer at "
            + (reasons.isEmpty()
                ? hosts
                : reasons.stream().sorted().collect(Collectors.joining(", "))),
        "check sheaf.mongodb.url and whether the server runs; sheaf.mongodb.timeout is how long to look",
        e);
  }

  /// The hosts with their ports, which a URL may omit. Those of `mongodb+srv` need a DNS lookup.
  private static String hosts(ConnectionString url) {
    return url.getHosts().stream()
        .map(host ->
            url.isSrvProtocol() || host.endsWith(".sock") ? host : address(new ServerAddress(host)))
        .collect(Collectors.joining(", "));
  }

  private static String address(ServerAddress address) {
    String host = address.getHost();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  private static String reason(@Nullable Throwable thrown) {
    if (thrown == null) {
      return "no answer";
    }
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return switch (root) {
      case ConnectException _ -> "connection refused";
      case UnknownHostException _ -> "no such host";
      case SSLException _ -> "TLS: " + firstLine(root.getMessage());
      default -> "no answer: " + firstLine(root.getMessage());
    };
  }

  private static String firstLine(@Nullable String message) {
    return Objects.requireNonNullElse(message, "").lines().findFirst().orElse("");
  }

  @Override
  public void close() {
    client.close();
  }
}
