package dev.sheaf.collection;

import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.audit.AuditAction;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.collection.CollectionSettings.Analysis;
import dev.sheaf.collection.CollectionSettings.Reanalysis;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.RowCount;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlStates;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.EmbeddingSpace;
import dev.sheaf.embedding.HeldRecall;
import dev.sheaf.embedding.IndexMethod;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.http.Preconditions;
import dev.sheaf.limits.LimitConcurrency;
import dev.sheaf.limits.LimitsConfig;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.Hashes;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockTimeoutException;
import jakarta.persistence.PersistenceException;
import jakarta.persistence.TypedQuery;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.hibernate.JDBCException;
import org.hibernate.Session;
import org.hibernate.exception.ConstraintViolationException;
import org.hibernate.exception.JDBCConnectionException;
import org.hibernate.exception.LockAcquisitionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Creates, describes, changes and drops collections, and finds the embedding space of each.
@ApplicationScoped
public class CollectionService {

  private static final Logger LOG = Logger.getLogger(CollectionService.class);

  /// The module with which searches find words.
  public static final String FULLTEXT = "fulltext";

  private static final int MAX_WARNINGS = 20;

  /// How long an attempt to drop a collection waits for those who are writing to it.
  private static final Duration DROP_LOCK_TIMEOUT = Duration.ofMillis(500);

  private static final int DROP_ATTEMPTS = 20;

  private static final String FIND_ACTIVE =
      """
      SELECT s.id, s.collection_id, s.model, s.dimensions, s.metric, s."precision", s.storage,
             s.index_method, c.settings,
             s.held_recall, s.held_ef_search, s.held_within
        FROM collection c
        JOIN embedding_space s ON s.id = c.active_space_id
       WHERE c.name = ?
      """;

  private static final String REANALYZE =
      """
      INSERT INTO reanalysis (collection_id)
           VALUES (?)
      ON CONFLICT (collection_id) DO UPDATE
              SET started_at = DEFAULT, document_id = DEFAULT, "ordinal" = DEFAULT
      """;

  /// The name becomes one that nobody has.
  private static final String HIDE =
      """
      UPDATE collection
         SET name            = 'dropped-' || gen_random_uuid(),
             description     = NULL,
             active_space_id = NULL
       WHERE id = ?
      """;

  private final EntityManager entityManager;
  private final ObjectTemplates templates;
  private final EmbeddingModels models;
  private final AuditTrail audit;
  private final CollectionChanges changes;
  private final CollectionRemover remover;
  private final LimitsConfig limits;
  private final ModuleSwitches modules;

  CollectionService(
      EntityManager entityManager,
      ObjectTemplates templates,
      EmbeddingModels models,
      AuditTrail audit,
      CollectionChanges changes,
      CollectionRemover remover,
      LimitsConfig limits,
      ModuleSwitches modules) {
    this.entityManager = entityManager;
    this.templates = templates;
    this.models = models;
    this.audit = audit;
    this.changes = changes;
    this.remover = remover;
    this.limits = limits;
    this.modules = modules;
  }

  /// Fails the start if the model of a collection does not match its space, because every search in
  /// it would fail. Warns of collections whose model is not there: what needs no model works in
  /// them. Looks at each combination once, whatever the number of collections. If the database is
  /// unavailable, the readiness check reports it.
  void onStart(@Observes StartupEvent event) {
    try {
      QuarkusTransaction.joiningExisting()
          .run(() ->
              // The first query in HQL takes a tenth of the start.
              entityManager
                  .unwrap(Session.class)
                  .createNativeQuery(
                      """
                      SELECT DISTINCT ON (model, dimensions, metric, "precision") *
                        FROM embedding_space
                       ORDER BY model, dimensions, metric, "precision"
                      """,
                      EmbeddingSpace.class)
                  .getResultStream()
                  .map(EmbeddingSpace::toSpace)
                  .flatMap(space -> models.missing(space).stream())
                  .distinct()
                  .limit(MAX_WARNINGS)
                  .forEach(reason -> LOG.warnf("Collections unusable: reason=%s", reason)));
    } catch (JDBCConnectionException e) {
      LOG.warnf("Models of collections not checked: reason=%s", e.getMessage());
    }
  }

  /// Creates a collection with its embedding space and partitions.
  ///
  /// @throws Problem if a collection of this name exists, or a field is not valid
  public CollectionView create(CreateCollection request) {
    EmbeddingModel model = models.of(request.model(), request.dimensions());
    requireIndexable(model.dimensions(), request.precision(), request.storage());
    requireLanguage(request.settings().language());
    requireAnalyzer(request.settings());
    try {
      return QuarkusTransaction.requiringNew().call(() -> insert(request, model));
    } catch (ConstraintViolationException e) {
      throw new Problem(
          ProblemType.COLLECTION_EXISTS,
          "A collection named "
              + request.name()
              + " already exists. Drop it first, or choose another name.");
    }
  }

  /// Rejects a collection that could never have an index.
  private static void requireIndexable(int dimensions, Precision precision, VectorStorage storage) {
    if (storage == VectorStorage.HALF && precision == Precision.FULL) {
      throw Problem.field(
          "precision",
          "An index with full precision needs vectors that are stored in full. Choose the precision"
              + " half or binary, or create the collection with the storage full.");
    }
    int max = IndexMethod.HNSW.maxDimensions(precision);
    if (dimensions > max) {
      throw Problem.field(
          "precision",
          "An index with %s precision may have at most %s dimensions, but the model has %s. Choose %s."
              .formatted(
                  precision,
                  max,
                  dimensions,
                  dimensions > IndexMethod.HNSW.maxDimensions(Precision.HALF)
                      ? Precision.BINARY
                      : Precision.HALF));
    }
  }

  private void requireLanguage(@Nullable String language) {
    if (language == null) {
      return;
    }
    boolean exists =
        QuarkusTransaction.joiningExisting()
            .call(() ->
                entityManager
                    .unwrap(Session.class)
                    .createNativeQuery(
                        """
                        SELECT EXISTS (SELECT FROM pg_ts_config
                                        WHERE cfgname = :language AND pg_ts_config_is_visible(oid))
                        """,
                        Boolean.class)
                    .setParameter("language", language)
                    .getSingleResult());
    if (!exists) {
      throw CollectionSettings.unknownLanguage(language);
    }
  }

  private void requireAnalyzer(CollectionSettings settings) {
    if (modules.isOn(ModulesConfig.CITUS)
        && settings.analysis().analyzer() != CollectionSettings.Analyzer.LUCENE) {
      throw Problem.field(
          "analyzer",
          "On a Citus cluster, the service finds the words of texts. Choose the analyzer lucene.");
    }
    if (settings.analyzer() == CollectionSettings.Analyzer.LUCENE) {
      modules.require(FULLTEXT);
      if (settings.analysis().textAnalyzer().isEmpty()) {
        throw Problem.field(
            "language",
            "The analyzer lucene does not know the language %s. Choose one of %s."
                .formatted(
                    settings.analysis().language(), String.join(", ", TextAnalyzer.languages())));
      }
    }
  }

  private CollectionView insert(CreateCollection request, EmbeddingModel model) {
    if (limits.backupLocks()) {
      entityManager.unwrap(Session.class).doWork(CollectionService::requireLocks);
    }
    var collection = new DocumentCollection();
    collection.name = request.name();
    collection.description = request.description();
    collection.settings = request.settings().json();
    collection.persist();

    var space = new EmbeddingSpace();
    space.collectionId = collection.id;
    space.model = model.name();
    space.dimensions = model.dimensions();
    space.metric = request.metric();
    space.precision = request.precision();
    space.storage = request.storage();
    space.indexMethod = IndexMethod.HNSW;
    space.persist();
    collection.activeSpaceId = space.id;
    entityManager.flush();

    entityManager
        .unwrap(Session.class)
        .doWork(connection -> {
          templates.apply(connection, "collection", Map.of("collection_id", collection.id));
          templates.apply(
              connection,
              "space",
              Map.of(
                  "space_id", space.id,
                  "collection_id", collection.id,
                  "parent", space.storage.parentTable(),
                  "dimensions", space.dimensions));
          audit.record(
              connection,
              AuditAction.COLLECTION_CREATED,
              collection.name,
              Map.of("model", space.model, "dimensions", space.dimensions));
        });
    changes.add(collection.id);
    return view(collection, space, null, null);
  }

  /// Rejects a collection with which a backup of the database would need more locks than the server
  /// has.
  private static void requireLocks(Connection connection) throws SQLException {
    ServerLocks locks = ServerLocks.of(connection);
    if (!locks.sufficeForAnother()) {
      throw new Problem(ProblemType.TOO_MANY_COLLECTIONS, locks.tooFew());
    }
  }

  /// A page of the collections, by name.
  ///
  /// @param visible the names of all collections that the caller may use; `null` means all
  /// @param after the name before the first one of the page; `null` for the first page
  /// @throws Problem if too many reads are running
  @LimitConcurrency(WorkKind.READ)
  public List<CollectionView> list(
      @Nullable Set<String> visible, int limit, @Nullable String after) {
    return QuarkusTransaction.joiningExisting()
        .call(() -> {
          TypedQuery<Object[]> query =
              entityManager
                  .createQuery(
                      """
                      SELECT c, s
                        FROM DocumentCollection c
                        JOIN EmbeddingSpace s ON s.id = c.activeSpaceId
                       WHERE c.name > :after
                             %s
                       ORDER BY c.name
                      """
                          .formatted(visible == null ? "" : "AND c.name IN :visible"),
                      Object[].class)
                  .setParameter("after", after == null ? "" : after)
                  .setMaxResults(limit);
          if (visible != null) {
            query.setParameter("visible", visible);
          }
          return query
              .getResultStream()
              .map(row -> view((DocumentCollection) row[0], (EmbeddingSpace) row[1], null, null))
              .toList();
        });
  }

  /// One collection, with its numbers of documents and chunks: estimates, if there are many.
  ///
  /// @throws Problem if there is no collection of this name, or too many reads are running
  public CollectionView describe(String name) {
    return describe(name, false);
  }

  /// One collection, with its numbers of documents and chunks.
  ///
  /// @param counted whether to count them, however many they are
  /// @throws Problem if there is no collection of this name, or too many reads are running
  @LimitConcurrency(WorkKind.READ)
  public CollectionView describe(String name, boolean counted) {
    Space active = activeSpace(name);
    return callOnPartitions(
        name,
        active,
        () ->
            QuarkusTransaction.joiningExisting()
                .call(() -> {
                  DocumentCollection collection =
                      DocumentCollection.findById(active.collectionId());
                  EmbeddingSpace space = EmbeddingSpace.findById(active.id());
                  if (collection == null || space == null) {
                    throw notFound(name);
                  }
                  return entityManager
                      .unwrap(Session.class)
                      .doReturningWork(connection ->
                          withRemaining(
                              connection,
                              active,
                              view(
                                  collection,
                                  space,
                                  count(connection, active.documentTable(), counted),
                                  count(connection, active.chunkTable(), counted))));
                }));
  }

  /// Adds the number of chunks that are left to analyze. The ids of documents are hashes, so the
  /// place in their order says which part is done.
  private CollectionView withRemaining(Connection connection, Space space, CollectionView view)
      throws SQLException {
    Reanalysis unfinished = view.settings().reanalysis();
    if (unfinished == null || !modules.isOn(FULLTEXT)) {
      return view;
    }
    String remaining =
        """
        SELECT r.document_id,
               (SELECT count(*)
                  FROM (SELECT FROM %s
                         WHERE collection_id = r.collection_id
                           AND (document_id, "ordinal") > (r.document_id, r."ordinal")
                         LIMIT %s) counted)
          FROM reanalysis r
         WHERE r.collection_id = ?
        """
            .formatted(space.chunkTable(), RowCount.COUNTED + 1);
    return Sql.of(remaining, space.collectionId())
        .first(
            connection,
            row -> {
              long counted = row.getLong(2);
              return view.withRemaining(
                  counted <= RowCount.COUNTED
                      ? counted
                      : Math.max(
                          counted,
                          Math.round(
                              Objects.requireNonNull(view.chunks())
                                  * fractionAfter(row.getObject(1, UUID.class)))));
            })
        .orElse(view);
  }

  /// The part of all UUIDs that is greater than this one.
  private static double fractionAfter(UUID id) {
    return 1 - (id.getMostSignificantBits() >>> 1) / 0x1p63;
  }

  private static RowCount count(Connection connection, String table, boolean counted)
      throws SQLException {
    return counted ? RowCount.exactly(connection, table) : RowCount.of(connection, table);
  }

  /// Changes the settings of a collection. Reads and writes continue.
  ///
  /// @return the collection after the change
  /// @throws Problem if there is no collection of this name, a field is not valid, or `conditions`
  ///   are not met
  public CollectionView update(String name, UpdateCollection request, Preconditions conditions) {
    if (!CreateCollection.isName(name)) {
      throw notFound(name);
    }
    QuarkusTransaction.requiringNew()
        .run(() -> {
          DocumentCollection collection =
              DocumentCollection.findByNameAndLock(name).orElseThrow(() -> notFound(name));
          changes.add(collection.id);
          conditions.check(etag(collection));
          if (request.precision() != null) {
            EmbeddingSpace space = EmbeddingSpace.findById(collection.activeSpaceId);
            requireIndexable(space.dimensions, request.precision(), space.storage);
          }
          if (request.description() != null) {
            collection.description = request.description();
          }
          CollectionSettings former = CollectionSettings.parse(collection.settings);
          CollectionSettings changed = request.applyTo(former);
          if (!changed.analysis().equals(former.analysis())) {
            if (modules.isOn(ModulesConfig.CITUS)) {
              throw Problem.field(
                  request.analyzer() == null ? "language" : "analyzer",
                  "On a Citus cluster, the analyzer and the language of a collection cannot be"
                      + " changed. Create another collection, and upload the documents again.");
            }
            requireLanguage(changed.language());
            requireAnalyzer(changed);
            changed = reanalyze(collection, former, changed);
          }
          collection.settings = changed.json();
          entityManager
              .unwrap(Session.class)
              .doWork(connection ->
                  audit.record(
                      connection, AuditAction.COLLECTION_CHANGED, name, request.auditDetails()));
        });
    return describe(name);
  }

  /// Begins to find the words of all chunks again. While this goes on, the chunks have words of two
  /// analyses, so that a third one has to wait.
  ///
  /// @return the changed settings, with what they change from
  private CollectionSettings reanalyze(
      DocumentCollection collection, CollectionSettings former, CollectionSettings changed) {
    modules.require(FULLTEXT);
    Reanalysis unfinished = former.reanalysis();
    if (unfinished != null && !unfinished.former().equals(changed.analysis())) {
      throw new Problem(
          ProblemType.BUSY,
          "The chunks of the collection %s are still being analyzed again after an earlier change. Retry when the collection has no reanalysis any more, or go back to the analyzer %s and the language %s."
              .formatted(collection.name, unfinished.analyzer(), unfinished.language()));
    }
    entityManager
        .unwrap(Session.class)
        .doWork(connection -> Sql.of(REANALYZE, collection.id).update(connection));
    return changed.withReanalysis(Reanalysis.from(former.analysis()));
  }

  private static CollectionView view(
      DocumentCollection collection,
      EmbeddingSpace space,
      @Nullable RowCount documents,
      @Nullable RowCount chunks) {
    return new CollectionView(
        collection.name,
        collection.description,
        space.model,
        space.dimensions,
        space.metric,
        space.storage,
        CollectionSettings.parse(collection.settings).orPrecision(space.precision),
        collection.createdAt,
        documents == null ? null : documents.rows(),
        chunks == null ? null : chunks.rows(),
        (documents == null || chunks == null)
            ? null
            : Boolean.valueOf(documents.estimated() || chunks.estimated()),
        etag(collection));
  }

  /// The entity tag of a collection: a hash of everything that can be changed. The ID distinguishes
  /// it from an earlier collection of the same name.
  private static String etag(DocumentCollection collection) {
    String state =
        collection.id
            + "\n"
            + CollectionSettings.parse(collection.settings).json()
            + "\n"
            + (collection.description == null ? "" : "=" + collection.description);
    byte[] hash = Hashes.sha256().digest(state.getBytes(StandardCharsets.UTF_8));
    return '"' + HexFormat.of().formatHex(hash, 0, 16) + '"';
  }

  /// Drops a collection and everything in it. From then on nobody finds it, and its name is free.
  /// [CollectionRemover] removes its tables in the background.
  ///
  /// @throws Problem if there is no collection of this name, others write to it all the time, or
  ///   `conditions` are not met
  public void drop(String name, Preconditions conditions) {
    if (!CreateCollection.isName(name)) {
      throw notFound(name);
    }
    for (int attempt = 1; ; attempt++) {
      try {
        QuarkusTransaction.requiringNew().run(() -> hide(name, conditions));
        LOG.infof("Collection dropped: collection=%s", name);
        remover.start();
        return;
      } catch (PersistenceException e) {
        if (!isTransient(e)) {
          throw e;
        }
        if (attempt == DROP_ATTEMPTS) {
          throw new Problem(
              ProblemType.BUSY,
              "The collection " + name + " is in use by other operations. Retry later.");
        }
      }
    }
  }

  /// Whether a retry may succeed: the lock was not available in time.
  private static boolean isTransient(PersistenceException e) {
    return e instanceof LockAcquisitionException
        || e instanceof LockTimeoutException
        || (e.getCause() instanceof SQLException sql && ConcurrentChange.isOverLocks(sql));
  }

  /// Runs statements on the partitions of `space`, which a concurrent drop of the collection may
  /// remove.
  ///
  /// @throws Problem if the collection was dropped
  public <T extends @Nullable Object, X extends Exception> T onPartitions(
      String collection, Space space, Statements<T, X> statements) throws SQLException, X {
    try {
      return statements.run();
    } catch (SQLException e) {
      if (SqlStates.UNDEFINED_TABLE.equals(e.getSQLState()) && isDropped(space)) {
        throw notFound(collection);
      }
      throw e;
    }
  }

  /// Like [#onPartitions], for statements that run through Hibernate.
  ///
  /// @throws Problem if the collection was dropped
  public <T extends @Nullable Object> T callOnPartitions(
      String collection, Space space, Supplier<T> statements) {
    try {
      return statements.get();
    } catch (JDBCException e) {
      if (SqlStates.UNDEFINED_TABLE.equals(e.getSQLState()) && isDropped(space)) {
        throw notFound(collection);
      }
      throw e;
    }
  }

  /// Statements that use partitions by name.
  public interface Statements<T extends @Nullable Object, X extends Exception> {
    T run() throws SQLException, X;
  }

  private boolean isDropped(Space space) {
    return QuarkusTransaction.requiringNew()
        .call(() -> {
          DocumentCollection collection = DocumentCollection.findById(space.collectionId());
          return collection == null || !Objects.equals(collection.activeSpaceId, space.id());
        });
  }

  /// Takes the active space and the name from the collection. Its row and that of its space remain
  /// until its tables are removed.
  private void hide(String name, Preconditions conditions) {
    var session = entityManager.unwrap(Session.class);
    session
        .createNativeQuery("SELECT set_config('lock_timeout', :timeout, true)", String.class)
        .setParameter("timeout", DROP_LOCK_TIMEOUT.toMillis() + "ms")
        .getSingleResult();
    List<Long> ids =
        session
            .createNativeQuery(
                """
                SELECT id
                  FROM collection
                 WHERE name = :name
                   AND active_space_id IS NOT NULL
                   FOR UPDATE
                """,
                Long.class)
            .setParameter("name", name)
            .list();
    if (ids.isEmpty()) {
      throw notFound(name);
    }
    long collectionId = ids.getFirst();
    if (!conditions.isEmpty()) {
      conditions.check(etag(DocumentCollection.findById(collectionId)));
    }
    session.doWork(connection -> {
      Sql.of(HIDE, collectionId).update(connection);
      audit.record(connection, AuditAction.COLLECTION_DROPPED, name, Map.of());
    });
  }

  /// The space that searches and writes of a collection use, with the settings of the collection.
  ///
  /// @param held how the declared recall is held; `null` until this was decided
  public record ActiveSpace(Space space, CollectionSettings settings, @Nullable HeldRecall held) {

    static ActiveSpace of(DocumentCollection collection, EmbeddingSpace space) {
      return new ActiveSpace(
          space.toSpace(), CollectionSettings.parse(collection.settings), space.held());
    }

    /// The number of candidates that searches consider in the index: what the collection sets,
    /// otherwise what holds its declared recall.
    ///
    /// @param fallback if the collection has neither
    public int efSearch(int fallback) {
      Integer set = settings.efSearch();
      if (set != null) {
        return set;
      }
      return held == null || settings.recall() == null ? fallback : held.efSearch();
    }
  }

  /// The space that searches and writes of a collection currently use.
  ///
  /// @throws Problem if there is no collection of this name
  public Space activeSpace(String name) {
    return activeSpaceAndSettings(name).space();
  }

  /// The analyzer of the service for texts that are written, if the collection uses it. While the
  /// module `fulltext` is off, there may be no column for the words.
  ///
  /// @param settings the column `collection.settings`
  public Optional<TextAnalyzer> textAnalyzer(String settings) {
    return modules.isOn(FULLTEXT) ? analysis(settings).textAnalyzer() : Optional.empty();
  }

  /// How the words of texts are found that are written now.
  ///
  /// @param settings the column `collection.settings`
  public static Analysis analysis(String settings) {
    return CollectionSettings.parse(settings).analysis();
  }

  /// The active space of a collection, with the settings of the collection.
  ///
  /// @throws Problem if there is no collection of this name
  public ActiveSpace activeSpaceAndSettings(String name) {
    if (!CreateCollection.isName(name)) {
      throw notFound(name);
    }
    return QuarkusTransaction.joiningExisting()
        .call(() ->
            entityManager
                .createQuery(
                    """
                    SELECT c, s
                      FROM DocumentCollection c
                      JOIN EmbeddingSpace s ON s.id = c.activeSpaceId
                     WHERE c.name = :name
                    """,
                    Object[].class)
                .setParameter("name", name)
                .getResultStream()
                .findFirst()
                .map(row -> ActiveSpace.of((DocumentCollection) row[0], (EmbeddingSpace) row[1]))
                .orElseThrow(() -> notFound(name)));
  }

  /// The same on a connection that the caller chooses.
  ///
  /// @throws Problem if there is no collection of this name
  public static ActiveSpace activeSpaceAndSettings(Connection connection, String name)
      throws SQLException {
    if (!CreateCollection.isName(name)) {
      throw notFound(name);
    }
    return Sql.of(FIND_ACTIVE, name)
        .first(
            connection,
            row ->
                new ActiveSpace(
                    Space.read(row),
                    CollectionSettings.parse(row.getString(9)),
                    HeldRecall.of(
                        (Double) row.getObject(10),
                        (Integer) row.getObject(11),
                        (Integer) row.getObject(12))))
        .orElseThrow(() -> notFound(name));
  }

  /// The current settings of a collection.
  ///
  /// @param space of the collection; the default settings if it was dropped
  public CollectionSettings settings(Space space) {
    return QuarkusTransaction.joiningExisting()
        .call(() ->
            entityManager
                .createQuery(
                    "SELECT c.settings FROM DocumentCollection c WHERE c.id = :id", String.class)
                .setParameter("id", space.collectionId())
                .getResultStream()
                .findFirst()
                .map(CollectionSettings::parse)
                .orElseGet(() -> CollectionSettings.parse("{}")));
  }

  /// The problem that there is no collection of this name.
  public static Problem notFound(String name) {
    return new Problem(
        ProblemType.COLLECTION_NOT_FOUND, "There is no collection named " + name + ".");
  }
}
