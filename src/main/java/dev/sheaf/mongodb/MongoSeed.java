package dev.sheaf.mongodb;

import com.mongodb.MongoException;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.Difference.Kind;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.mongodb.MongoSeedResult.Created;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.jspecify.annotations.Nullable;

/// Creates the declared collections and indexes in MongoDB, and reports differences. It never drops
/// or changes anything.
public final class MongoSeed {

  private static final String HIDDEN = "hidden";
  private static final String TTL = "expireAfterSeconds";

  private final MongoConfig config;
  private final MongoIndexFiles files;

  private MongoSeed(MongoConfig config, MongoIndexFiles files) {
    this.config = config;
    this.files = files;
  }

  /// Reads the files, without a connection.
  ///
  /// @param changelogs the directory of changelogs, or `null` for those in the application: the
  ///   directory `mongodb` beside it is read, unless [MongoConfig#root()] is set
  /// @return empty if MongoDB is not configured
  /// @throws OperatorException if a file is malformed
  public static Optional<MongoSeed> of(
      MongoConfig config, Modules modules, Optional<Path> changelogs) {
    return config.url().isEmpty()
        ? Optional.empty()
        : Optional.of(new MongoSeed(config, read(config, modules, changelogs)));
  }

  /// The failure if MongoDB is not configured.
  public static OperatorException off() {
    return new OperatorException(
        "MongoDB is off", "set sheaf.mongodb.url=mongodb://user:password@host:27017/database");
  }

  private static MongoIndexFiles read(
      MongoConfig config, Modules modules, Optional<Path> changelogs) {
    if (config.root().isPresent()) {
      Path root = config.root().get();
      if (!Files.isDirectory(root)) {
        throw new OperatorException(
            "no directory " + root, "sheaf.mongodb.root holds <module>/indexes.json");
      }
      return MongoIndexFiles.in(root, modules);
    }
    return changelogs
        .map(path -> path.toAbsolutePath().normalize().resolveSibling("mongodb"))
        .map(root -> MongoIndexFiles.in(root, modules))
        .orElseGet(() -> MongoIndexFiles.bundled(modules));
  }

  /// Creates what is missing. All collections are compared first: if an index exists with another
  /// definition, nothing is created. Concurrent runs are safe.
  public MongoSeedResult seed() {
    return seed(object -> {});
  }

  /// Creates what is missing, and reports progress.
  ///
  /// @param creating receives each collection and index before it is created
  public MongoSeedResult seed(Consumer<String> creating) {
    long start = System.nanoTime();
    Attempt attempt = new Attempt(creating);
    try {
      if (!files.wanted().isEmpty()) {
        try (MongoServer server = MongoServer.of(config)) {
          attempt.run(server);
        }
      }
    } catch (OperatorException e) {
      attempt.problems.add(e);
    }
    return new MongoSeedResult(
        attempt.created,
        attempt.unchanged,
        attempt.problems,
        files.wanted().isEmpty() ? List.of(nothing()) : List.of(),
        Duration.ofNanos(System.nanoTime() - start));
  }

  /// All differences, sorted by object name. Collections that no file declares are ignored.
  ///
  /// @throws OperatorException if the server cannot be queried
  public List<Difference> verify() {
    if (files.wanted().isEmpty()) {
      return List.of();
    }
    List<Difference> differences = new ArrayList<>();
    try (MongoServer server = MongoServer.of(config)) {
      try {
        SortedMap<String, BsonDocument> collections = server.collections();
        for (MongoCollectionIndexes wanted : files.wanted()) {
          compare(wanted, Live.of(wanted, collections, server), differences);
        }
      } catch (MongoException e) {
        throw server.explain(e, null);
      }
    }
    differences.sort(Comparator.comparing(Difference::object));
    return List.copyOf(differences);
  }

  private void compare(MongoCollectionIndexes wanted, Live live, List<Difference> differences) {
    String name = object(wanted);
    if (!live.exists()) {
      differences.add(new Difference(Kind.MISSING, name, Live.COLLECTION, null));
    } else if (!live.holdsIndexes()) {
      differences.add(new Difference(Kind.CHANGED, name, Live.COLLECTION, live.type()));
      return;
    }
    List<String> names = wanted.indexes().stream().map(MongoIndex::name).toList();
    for (MongoIndex index : wanted.indexes()) {
      MongoIndexDefinition should = index.definition(live.collation());
      MongoIndexDefinition is = live.comparable(index);
      if (is == null) {
        differences.add(
            new Difference(Kind.MISSING, object(wanted, index), should.toString(), null));
      } else if (!should.equals(is)) {
        differences.add(
            new Difference(Kind.CHANGED, object(wanted, index), should.toString(), is.toString()));
      }
    }
    live.indexes()
        .forEach((index, definition) -> {
          if (!names.contains(index) && !files.knows(wanted.name(), index)) {
            differences.add(
                new Difference(
                    Kind.EXTRA,
                    "index " + wanted.name() + "." + index,
                    null,
                    definition.toString()));
          }
        });
  }

  private String nothing() {
    return "no enabled module has an indexes.json in " + files.origin();
  }

  private static String object(MongoCollectionIndexes collection) {
    return "collection " + collection.name();
  }

  private static String object(MongoCollectionIndexes collection, MongoIndex index) {
    return "index " + collection.name() + "." + index.name();
  }

  /// The state of one run of `seed`.
  private final class Attempt {

    private final Consumer<String> creating;
    private final List<Created> created = new ArrayList<>();
    private final List<OperatorException> problems = new ArrayList<>();
    private int unchanged;

    Attempt(Consumer<String> creating) {
      this.creating = creating;
    }

    void run(MongoServer server) {
      Map<MongoCollectionIndexes, Live> found = new LinkedHashMap<>();
      try {
        SortedMap<String, BsonDocument> collections = server.collections();
        for (MongoCollectionIndexes wanted : files.wanted()) {
          Live live = Live.of(wanted, collections, server);
          found.put(wanted, live);
          refuse(wanted, live);
        }
      } catch (MongoException e) {
        throw server.explain(e, null);
      }
      if (problems.isEmpty()) {
        found.forEach((wanted, live) -> create(server, wanted, live));
      }
    }

    private void refuse(MongoCollectionIndexes wanted, Live live) {
      if (live.exists() && !live.holdsIndexes()) {
        problems.add(
            new OperatorException(
                "%s: %s is a %s in the database"
                    .formatted(wanted.file(), object(wanted), live.type()),
                "it cannot have these indexes; give the collection another name"));
        return;
      }
      for (MongoIndex index : wanted.indexes()) {
        MongoIndexDefinition should = index.definition(live.collation());
        MongoIndexDefinition is = live.comparable(index);
        if (is != null && !should.equals(is)) {
          problems.add(conflict(wanted, index, index.name(), should, is));
        } else if (is == null) {
          live.indexes()
              .forEach((other, definition) -> {
                if (should.equals(should.comparable(definition))) {
                  problems.add(conflict(wanted, index, other, should, definition));
                }
              });
        }
      }
    }

    private void create(MongoServer server, MongoCollectionIndexes wanted, Live live) {
      if (live.exists()) {
        unchanged++;
      } else {
        step(server, object(wanted), () -> server.createCollection(wanted.name()));
      }
      for (MongoIndex index : wanted.indexes()) {
        if (live.indexes().containsKey(index.name())) {
          unchanged++;
        } else {
          // One by one, although one pass could build several: each failure has its name.
          step(server, object(wanted, index), () -> createIndex(server, wanted, index));
        }
      }
    }

    private boolean createIndex(
        MongoServer server, MongoCollectionIndexes wanted, MongoIndex index) {
      try {
        return server.createIndex(wanted.name(), index);
      } catch (MongoException e) {
        if (!MongoServer.isConflict(e)) {
          throw e;
        }
        // Since this looked, somebody has created another under this name, or this under another.
        Live now = Live.of(wanted, server.collections(), server);
        int before = problems.size();
        refuse(new MongoCollectionIndexes(wanted.file(), wanted.name(), List.of(index)), now);
        if (problems.size() > before) {
          throw problems.removeLast();
        }
        throw e;
      }
    }

    private void step(MongoServer server, String object, Step step) {
      creating.accept(object);
      long start = System.nanoTime();
      try {
        if (step.create()) {
          created.add(new Created(object, Duration.ofNanos(System.nanoTime() - start)));
        } else {
          unchanged++;
        }
      } catch (MongoException e) {
        throw server.explain(e, object);
      }
    }
  }

  private static OperatorException conflict(
      MongoCollectionIndexes wanted,
      MongoIndex index,
      String found,
      MongoIndexDefinition should,
      MongoIndexDefinition is) {
    if (!found.equals(index.name())) {
      return new OperatorException(
          "%s: collection %s, index %s is there under the name %s: %s"
              .formatted(index.file(), wanted.name(), index.name(), found, is),
          "call it that in the file");
    }
    boolean alterable = sameBut(should, is, HIDDEN, TTL);
    return new OperatorException(
        "%s: collection %s, index %s is %s in the file and %s in the database"
            .formatted(index.file(), wanted.name(), index.name(), should, is),
        alterable
            ? "collMod changes it in place; or say in the file what is there"
            : "say in the file what is there; or give the new one another name, and drop the old"
                + " one by hand once nothing uses it");
  }

  private static boolean sameBut(
      MongoIndexDefinition one, MongoIndexDefinition other, String... options) {
    BsonDocument left = one.options().clone();
    BsonDocument right = other.options().clone();
    for (String option : options) {
      // collMod turns no index into one that expires before servers 5.1.
      if (option.equals(TTL) && left.containsKey(TTL) != right.containsKey(TTL)) {
        return false;
      }
      left.remove(option);
      right.remove(option);
    }
    return new MongoIndexDefinition(one.keys(), left)
        .equals(new MongoIndexDefinition(other.keys(), right));
  }

  private interface Step {
    /// @return whether it was created
    boolean create();
  }

  /// The state of a collection on the server.
  ///
  /// @param type `collection`, `view` or another type of the server; `null` if it does not exist
  /// @param collation the collation of indexes without their own
  /// @param indexes the indexes by name, without the one on `_id`
  private record Live(
      @Nullable String type,
      @Nullable BsonDocument collation,
      SortedMap<String, MongoIndexDefinition> indexes) {

    static final String COLLECTION = "collection";
    private static final String VIEW = "view";

    static Live of(
        MongoCollectionIndexes wanted,
        SortedMap<String, BsonDocument> collections,
        MongoServer server) {
      BsonDocument collection = collections.get(wanted.name());
      if (collection == null) {
        return new Live(null, null, new TreeMap<>());
      }
      String type = collection.getString("type", new BsonString(COLLECTION)).getValue();
      SortedMap<String, MongoIndexDefinition> indexes = new TreeMap<>();
      if (!type.equals(VIEW)) {
        server
            .indexes(wanted.name())
            .forEach((name, index) -> indexes.put(name, MongoIndexDefinition.listed(index)));
      }
      indexes.values().removeIf(MongoIndexDefinition::isOnId);
      return new Live(
          type,
          collection.getDocument("options", new BsonDocument()).getDocument("collation", null),
          indexes);
    }

    boolean exists() {
      return type != null;
    }

    boolean holdsIndexes() {
      return !VIEW.equals(type);
    }

    /// The index of the same name; `null` if there is none.
    @Nullable MongoIndexDefinition comparable(MongoIndex index) {
      MongoIndexDefinition live = indexes.get(index.name());
      return live == null ? null : index.definition(collation).comparable(live);
    }
  }
}
