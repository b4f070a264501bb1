package dev.sheaf.document;

import dev.sheaf.embedding.HnswScan;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import dev.sheaf.runtime.ModulesConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.config.ConfigProvider;
import org.hibernate.Session;
import org.hibernate.query.SelectionQuery;
import org.jspecify.annotations.Nullable;

/// A query for the embeddings of a space that are nearest to a vector, in the transaction of the
/// caller: [Embedding#nearest]. It finds what a search over HTTP finds.
///
/// A space with an HNSW index is searched with it, and a smaller one exactly. With a filter, the
/// matching embeddings are compared exactly if they are few; otherwise, the index is searched until
/// enough of them match. If it finds too few, all are compared.
///
/// The query sets parameters of the session, and sets them back.
public final class NearestQuery {

  private static final String NOT_COUNTED = "0L";

  private final Space space;
  private final float[] vector;
  private final int limit;
  private @Nullable FilterSql filter;
  private @Nullable UUID excluded;
  private int ef;
  private boolean exact;

  NearestQuery(Space space, float[] vector, int limit) {
    if (limit < 1 || limit > HnswScan.MAX_EF) {
      throw new IllegalArgumentException(
          "limit must be from 1 to %s, not %s".formatted(HnswScan.MAX_EF, limit));
    }
    this.space = space;
    this.vector = VectorValidator.check("vector", vector, space);
    this.limit = limit;
    this.ef = defaultEfSearch();
  }

  /// Examines this many candidates in the index, instead of `sheaf.search.ef-search`.
  ///
  /// @param candidates from 1 to 1000; a larger number is slower and finds more
  public NearestQuery efSearch(int candidates) {
    if (candidates < 1 || candidates > HnswScan.MAX_EF) {
      throw new IllegalArgumentException(
          "efSearch must be from 1 to %s, not %s".formatted(HnswScan.MAX_EF, candidates));
    }
    ef = candidates;
    return this;
  }

  /// Finds only embeddings of documents that match.
  public NearestQuery filter(Filter condition) {
    filter = condition.equals(Filter.EVERYTHING) ? null : FilterSql.of(condition);
    return this;
  }

  /// Finds no embeddings of this document.
  public NearestQuery excluding(UUID documentId) {
    excluded = documentId;
    return this;
  }

  /// Compares all vectors, even if there is an index.
  public NearestQuery exact() {
    exact = true;
    return this;
  }

  /// The nearest chunks, the nearest first.
  public List<Neighbor> list() {
    return rows(Result.CHUNKS).stream().map(this::neighbor).toList();
  }

  /// The nearest chunks as entities, the nearest first.
  public List<Embedding> entities() {
    return rows(Result.ENTITIES).stream().map(row -> (Embedding) row[4]).toList();
  }

  /// The documents with the nearest chunks: of each, the chunk that is nearest.
  public List<Neighbor> documents() {
    return rows(Result.DOCUMENTS).stream().map(this::neighbor).toList();
  }

  private Neighbor neighbor(Object[] row) {
    double distance = (Double) row[2];
    return new Neighbor((UUID) row[0], (Integer) row[1], distance, space.metric().score(distance));
  }

  private List<Object[]> rows(Result result) {
    Session session = FullEmbedding.getEntityManager().unwrap(Session.class);
    if (!session.isJoinedToTransaction()) {
      throw new IllegalStateException(
          "A query for the nearest embeddings needs a transaction, because it sets parameters of"
              + " the session. Call it in a method with @Transactional.");
    }
    long total = exact ? -1 : session.doReturningWork(this::indexedRows);
    String all = ranked(result, candidates(""), NOT_COUNTED);
    if (total < 0) {
      return select(session, all, Map.of());
    }
    if (filter != null) {
      long bound = HnswScan.worthComparing(wanted(result), total);
      List<Object[]> found =
          select(
              session,
              ranked(result, someCandidates(bound + 1), "count(*) over ()"),
              HnswScan.settingsForFewRows());
      if (found.isEmpty() || (Long) found.getFirst()[3] <= bound) {
        return found;
      }
    }
    int candidates = space.precision().candidates(wanted(result));
    HnswScan scan =
        HnswScan.of(
            candidates,
            ef,
            setting("sheaf.search.max-scanned"),
            filter != null || excluded != null);
    String nearest = ranked(result, inIndexOrder(candidates), NOT_COUNTED);
    List<Object[]> found = select(session, nearest, scan.settings());
    if (found.size() < limit && !scan.iterative()) {
      found = select(session, nearest, scan.iterating().settings());
    }
    return found.size() < limit ? select(session, all, Map.of()) : found;
  }

  private List<Object[]> select(Session session, String hql, Map<String, String> settings) {
    var all = new LinkedHashMap<String, String>();
    // The costs of disabled plan nodes would start the compiler.
    all.put("jit", "off");
    // The plan for a vector is as good for any other. The plan for a filter may not be.
    all.put(
        "plan_cache_mode",
        filter == null && !isSharded() ? "force_generic_plan" : "force_custom_plan");
    all.putAll(settings);
    Map<String, String> previous = session.doReturningWork(connection -> set(connection, all));
    SelectionQuery<Object[]> query = query(session, hql);
    query.setParameter("space", space.id());
    query.setParameter("vector", vector);
    if (hql.contains(":dimensions")) {
      query.setParameter("dimensions", space.dimensions());
    }
    if (excluded != null) {
      query.setParameter("excluded", excluded);
    }
    if (filter != null) {
      query.setParameter("collection", space.collectionId());
      filter.bind(query::setParameter);
    }
    List<Object[]> rows = query.list();
    // After a failure, the rollback sets them back.
    session.doReturningWork(connection -> set(connection, previous));
    return rows;
  }

  /// Hibernate remembers the queries that it has read. Those with filters are too many, and long.
  private SelectionQuery<Object[]> query(Session session, String hql) {
    return filter == null
        ? session.createSelectionQuery(hql, Object[].class)
        : session.createQuery(session.getCriteriaBuilder().createQuery(hql, Object[].class));
  }

  private long indexedRows(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT " + HnswScan.indexedRows(space));
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /// Sets parameters until the end of the transaction.
  ///
  /// @return their values before
  private static Map<String, String> set(Connection connection, Map<String, String> settings)
      throws SQLException {
    if (isSharded()) {
      return setOnShards(connection, settings);
    }
    // The literal loads pgvector, which defines its parameters.
    String sql =
        """
        SELECT name, current_setting(name), set_config(name, value, true)
          FROM unnest(?::text[], ?::text[]) s (name, value)
         WHERE '[0]'::vector IS NOT NULL
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setObject(1, settings.keySet().toArray(String[]::new));
      select.setObject(2, settings.values().toArray(String[]::new));
      var previous = new LinkedHashMap<String, String>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          previous.put(row.getString(1), row.getString(2));
        }
      }
      return previous;
    }
  }

  /// The same, also on the workers of a Citus cluster. The former values of the settings that keep
  /// the planner from other plans are the defaults.
  private static Map<String, String> setOnShards(
      Connection connection, Map<String, String> settings) throws SQLException {
    var statements = new StringBuilder("SET LOCAL citus.propagate_set_commands = 'local'");
    settings.forEach(
        (name, value) -> statements.append("; SET LOCAL %s = '%s'".formatted(name, value)));
    try (Statement statement = connection.createStatement()) {
      statement.execute(statements.toString());
    }
    return Map.of("enable_seqscan", "on", "enable_sort", "on");
  }

  private static boolean isSharded() {
    return ConfigProvider.getConfig()
        .getValue(ModulesConfig.switchOf(ModulesConfig.CITUS), Boolean.class);
  }

  static int defaultEfSearch() {
    return setting("sheaf.search.ef-search");
  }

  private static int setting(String name) {
    return ConfigProvider.getConfig().getValue(name, Integer.class);
  }

  /// What is selected of the nearest embeddings.
  private enum Result {
    CHUNKS,
    ENTITIES,
    DOCUMENTS
  }

  /// Number of chunks that an index search must find. Several chunks of a document may count as
  /// one.
  private int wanted(Result result) {
    return result == Result.DOCUMENTS ? Math.min(HnswScan.MAX_EF, 4 * limit) : limit;
  }

  private String inIndexOrder(int candidates) {
    // OFFSET 0 makes PostgreSQL look up the document of each candidate. Without it, the planner may
    // join all documents that match.
    return candidates(" order by d.collectionId offset 0")
        + """
         order by %s(e.vector, :vector, constant(:dimensions))
         limit %s
        """
            .formatted(space.precision().distanceFunction(space.metric()), candidates);
  }

  /// HQL requires an order with a limit. This one is no order, and PostgreSQL does not sort by it.
  private String someCandidates(long atMost) {
    return candidates("") + " order by e.spaceId limit " + atMost;
  }

  private String candidates(String endOfFilter) {
    return """
    select e.documentId as documentId, e.ordinal as ordinal, %s(e.vector, :vector) as distance
      from %s e
     where e.spaceId = constant(:space)%s%s
    """
        .formatted(
            space.metric().distanceFunction(),
            Embedding.entity(space),
            excluded == null ? "" : " and e.documentId <> :excluded",
            filter == null
                ? ""
                : """
                 and exists (select 1
                               from Document d
                              where d.collectionId = constant(:collection)
                                and d.id = e.documentId
                                and %s%s)
                """
                    .formatted(filter.hql(), endOfFilter));
  }

  /// The best of the candidates: document, ordinal, distance, `count`, and the entity.
  private String ranked(Result result, String candidates, String count) {
    return switch (result) {
      case CHUNKS ->
          """
          select c.documentId, c.ordinal, c.distance, %s
            from (%s) c
           order by c.distance, c.documentId, c.ordinal
           limit %s
          """
              .formatted(count, candidates, limit);
      case ENTITIES ->
          """
          select c.documentId, c.ordinal, c.distance, %s, e
            from (%s) c
            join %s e
              on e.spaceId    = constant(:space)
             and e.documentId = c.documentId
             and e.ordinal    = c.ordinal
           order by c.distance, c.documentId, c.ordinal
           limit %s
          """
              .formatted(count, candidates, Embedding.entity(space), limit);
      case DOCUMENTS ->
          """
          select b.documentId, b.ordinal, b.distance, b.total
            from (select c.documentId as documentId, c.ordinal as ordinal, c.distance as distance,
                         %s as total,
                         row_number() over (
                           partition by c.documentId order by c.distance, c.ordinal) as place
                    from (%s) c) b
           where b.place = 1
           order by b.distance, b.documentId
           limit %s
          """
              .formatted(count, candidates, limit);
    };
  }
}
