package harness;

import com.fasterxml.jackson.databind.ObjectMapper;
import harness.Processes.Backends;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Searches of one collection through Sheaf and the stores, and by hand through pgbench: in rounds,
/// in which each has its turn.
final class SearchBench {

  private static final ObjectMapper JSON = new ObjectMapper();

  /// Candidates of either list of a hybrid search.
  private static final int HYBRID_DEPTH = 100;

  private final Report report;
  private final Database database;
  private final Vectors vectors;
  private final int dimensions;
  private final int ef;
  private final int rounds;
  private final int seconds;
  private final Backends backends;
  private final Map<String, Service> services;
  private final Truth truth;
  private final long collection;
  private final long space;

  /// @param services by name, Sheaf first; all of them have the same rows
  SearchBench(
      Report report,
      Database database,
      Vectors vectors,
      int dimensions,
      int ef,
      int rounds,
      int seconds,
      Map<String, Service> services)
      throws Exception {
    this.report = report;
    this.database = database;
    this.vectors = vectors;
    this.dimensions = dimensions;
    this.ef = ef;
    this.rounds = rounds;
    this.seconds = seconds;
    this.backends = database.backends();
    this.services = services;
    this.truth = new Truth(vectors, dimensions);
    this.collection =
        database.number("SELECT id FROM collection WHERE name = '" + Data.name(dimensions) + "'");
    this.space = database.number("SELECT active_space_id FROM collection WHERE id = " + collection);
    queries();
  }

  /// What pgbench searches for: a table of vectors, and what each filter asks for.
  private void queries() throws Exception {
    String table = "bench_query_" + dimensions;
    database.execute(
        """
        DROP TABLE IF EXISTS %1$s;
        CREATE TABLE %1$s (id int PRIMARY KEY, vector vector(%2$d), words text,
                           access jsonb, team jsonb, author jsonb, source jsonb);
        ALTER TABLE %1$s ALTER vector SET STORAGE PLAIN\
        """
            .formatted(table, dimensions));
    try (Connection connection = database.connect("");
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO "
                    + table
                    + " VALUES (?, ?::vector, ?, ?::jsonb, ?::jsonb, ?::jsonb, ?::jsonb)")) {
      for (int query = 0; query < Corpus.QUERIES; query++) {
        insert.setInt(1, query);
        insert.setString(2, Arrays.toString(vectors.query(query, dimensions)));
        insert.setString(3, Corpus.keywords(query));
        for (Corpus.Field field : Corpus.Field.values()) {
          insert.setString(4 + field.ordinal(), JSON.writeValueAsString(filter(field, query)));
        }
        insert.addBatch();
      }
      insert.executeBatch();
    }
    database.execute("VACUUM ANALYZE " + table);
  }

  private static Map<String, String> filter(Corpus.Field field, int query) {
    return Map.of(field.key(), Corpus.value(field, Truth.asked(field, query)));
  }

  // ---- What is searched for ---------------------------------------------------------------------

  private List<Contender> overHttp(Corpus.@Nullable Field field, Map<String, Object> more)
      throws Exception {
    var contenders = new ArrayList<Contender>();
    for (Map.Entry<String, Service> service : services.entrySet()) {
      contenders.add(overHttp(service.getKey(), field, more));
    }
    return contenders;
  }

  private Contender overHttp(String name, Corpus.@Nullable Field field, Map<String, Object> more)
      throws Exception {
    Service service = services.get(name);
    var requests = new ArrayList<byte[]>();
    for (int query = 0; query < Corpus.QUERIES; query++) {
      var body = new LinkedHashMap<String, Object>(more);
      body.put("vector", vectors.query(query, dimensions));
      body.put("limit", Truth.K);
      if (field != null) {
        body.put("filter", filter(field, query));
      }
      if (more.containsKey("mode")) {
        body.put("text", Corpus.keywords(query));
      }
      requests.add(
          HttpClient.request(
              service,
              "POST",
              "/api/v1/collections/" + Data.name(dimensions) + "/search",
              JSON.writeValueAsString(body).getBytes(StandardCharsets.UTF_8)));
    }
    return new OverHttp(name, service, requests, backends);
  }

  private Pgbench byHand(String name, String nearest, int candidates, String settings) {
    String sql =
        """
        SELECT d.external_id, b.ordinal, b.key, d.title, c.text, d.metadata
          FROM (SELECT * FROM bench_query_%1$d WHERE id = :id) q
         CROSS JOIN LATERAL (%2$s) b
          JOIN document_%3$d d ON d.collection_id = %3$d AND d.id = b.document_id
          JOIN chunk_%3$d c ON c.collection_id = %3$d AND c.document_id = b.document_id AND c.ordinal = b.ordinal
         ORDER BY b.key\
        """
            .formatted(dimensions, nearest, collection);
    return new Pgbench(
        name,
        database,
        sql,
        "-c jit=off -c hnsw.ef_search=" + Math.max(ef, candidates) + settings,
        backends);
  }

  private String nearest(String join, int limit) {
    return """
    SELECT e.document_id, e.ordinal, e.vector <=> q.vector AS key
      FROM embedding_%1$d e%2$s
     ORDER BY e.vector::halfvec(%3$d) <=> q.vector::halfvec(%3$d)
     LIMIT %4$d\
    """
        .formatted(space, join, dimensions, limit);
  }

  /// Follows the index, and looks each candidate's document up.
  private Pgbench filteredByIndex(Corpus.Field field) {
    String matching =
        """

        CROSS JOIN LATERAL (SELECT FROM document_%1$d d
                             WHERE d.collection_id = %1$d AND d.id = e.document_id AND d.metadata @> q.%2$s
                            OFFSET 0) d\
        """
            .formatted(collection, field.key());
    return byHand(
        "by hand, index",
        nearest(matching, Truth.K),
        Truth.K,
        " -c hnsw.iterative_scan=relaxed_order -c enable_seqscan=off -c enable_sort=off");
  }

  /// Looks the matching documents up, and compares all of them.
  private Pgbench filteredExactly(Corpus.Field field) {
    return byHand(
        "by hand, exact",
        """
        SELECT e.document_id, e.ordinal, e.vector <=> q.vector AS key
          FROM document_%1$d d
          JOIN embedding_%2$d e ON e.document_id = d.id
         WHERE d.collection_id = %1$d AND d.metadata @> q.%3$s
         ORDER BY key
         LIMIT %4$d\
        """
            .formatted(collection, space, field.key(), Truth.K),
        Truth.K,
        "");
  }

  /// Reciprocal rank fusion of the nearest and of those with the words.
  private Pgbench hybrid() {
    return byHand(
        "by hand",
        """
        WITH near AS (
             SELECT document_id, ordinal, row_number() OVER (ORDER BY key) AS place
               FROM (%1$s) n
        ),
        worded AS (
             SELECT document_id, ordinal, row_number() OVER (ORDER BY rank DESC) AS place
               FROM (SELECT c.document_id, c.ordinal, ts_rank_cd(c.search, words) AS rank
                       FROM chunk_%2$d c
                      CROSS JOIN websearch_to_tsquery('english', q.words) words
                      WHERE c.search @@ words
                      ORDER BY rank DESC
                      LIMIT %3$d) w
        )
        SELECT document_id, ordinal,
               -(COALESCE(1::float8 / (60 + near.place), 0) + COALESCE(1::float8 / (60 + worded.place), 0)) AS key
          FROM near
          FULL JOIN worded USING (document_id, ordinal)
         ORDER BY key
         LIMIT %4$d\
        """
            .formatted(nearest("", HYBRID_DEPTH), collection, HYBRID_DEPTH, Truth.K),
        HYBRID_DEPTH,
        "");
  }

  // ---- How long ---------------------------------------------------------------------------------

  void warmUp(int howLong) throws Exception {
    for (Contender contender : overHttp(null, Map.of())) {
      contender.run(4, howLong);
    }
  }

  void plain(double goal, double mostAdded) throws Exception {
    Pgbench byHand = byHand("by hand", nearest("", Truth.K), Truth.K, "");
    if (!byHand.plan().contains(" using embedding_" + space + "_hnsw ")) {
      throw new IllegalStateException("the index is not used:\n" + byHand.plan());
    }
    var contenders = new ArrayList<Contender>();
    contenders.add(byHand);
    contenders.addAll(overHttp(null, Map.of()));
    String work = "top 10 of %,d x %d, ef_search %d".formatted(vectors.rows(), dimensions, ef);
    for (int connections : new int[] {1, 4, 8}) {
      String of = work + ", connections " + connections;
      List<Turns> turns = measure(of, contenders, connections, null);
      double ratio = turns.get(1).ratio(turns.getFirst());
      report.goal(of + ": searches/s to raw", ratio, goal, true);
      if (connections == 1) {
        report.goal(
            of + ": ms added to p50",
            turns.get(1).all().percentile(0.5) - turns.getFirst().all().percentile(0.5),
            mostAdded,
            false);
      }
    }
  }

  void filtered(int connections) throws Exception {
    for (Corpus.Field field : Corpus.Field.values()) {
      var contenders = new ArrayList<Contender>();
      contenders.add(filteredExactly(field));
      contenders.add(filteredByIndex(field));
      contenders.addAll(overHttp(field, Map.of()));
      String of =
          "of %,d x %d, those of a filter that %s%% match, connections %d"
              .formatted(vectors.rows(), dimensions, 100.0 / field.values, connections);
      List<Turns> turns = measure(of, contenders, connections, field);
      Turns sheaf = turns.get(2);
      // The best by hand is the fastest that finds as much.
      Turns best =
          turns.subList(0, 2).stream()
              .filter(each -> each.quality.recall() >= sheaf.quality.recall() - 0.01)
              .min((a, b) -> Double.compare(b.all().rate(), a.all().rate()))
              .orElse(turns.getFirst());
      report.goal(of + ": recall", sheaf.quality.recall(), field.values >= 100 ? 1.0 : 0.9, true);
      report.goal(of + ": time to the best by hand", 1 / sheaf.ratio(best), 1.5, false);
    }
  }

  void hybrid(int connections) throws Exception {
    String of =
        "hybrid, of %,d x %d, connections %d".formatted(vectors.rows(), dimensions, connections);
    List<Turns> turns =
        measure(
            of,
            List.of(hybrid(), overHttp("sheaf", null, Map.of("mode", "hybrid"))),
            connections,
            null);
    report.goal(
        of + ": time to that by hand", 1 / turns.get(1).ratio(turns.getFirst()), 1.5, false);
  }

  // ---- Peers ------------------------------------------------------------------------------------

  /// Sheaf first, then the others, each with the fastest of its settings that finds as much.
  void peers(List<Peer> peers) throws Exception {
    peers(peers, null, 1, 4, 8);
    for (Corpus.Field field :
        List.of(Corpus.Field.ACCESS, Corpus.Field.TEAM, Corpus.Field.AUTHOR)) {
      peers(peers, field, 4);
    }
  }

  private void peers(List<Peer> peers, Corpus.@Nullable Field field, int... connections)
      throws Exception {
    String of = "top 10 of %,d x %d, ef_search %d".formatted(vectors.rows(), dimensions, ef);
    if (field != null) {
      of += ", those of a filter that %s%% match".formatted(100.0 / field.values);
    }
    System.out.printf("%n%s, found with%n", of);
    var contenders = new ArrayList<Contender>();
    double recall = 0;
    for (Peer peer : peers) {
      Way way = fastest(peer, field, recall);
      recall = peer == peers.getFirst() ? way.recall : recall;
      contenders.addAll(way.contenders);
      report.line(peer.name(), "%s", way.settings);
      report.result(Map.of("work", of, "by", peer.name(), "settings", way.settings));
    }
    for (int each : connections) {
      measure(of + ", connections " + each, contenders, each, field);
    }
  }

  private record Way(Map<String, Object> settings, List<Contender> contenders, double recall) {}

  /// @return the fastest of those that find as much; the one that finds most if none does
  private Way fastest(Peer peer, Corpus.@Nullable Field field, double recall) throws Exception {
    Way best = null;
    double most = Double.NEGATIVE_INFINITY;
    for (List<Map<String, Object>> steps : peer.ways()) {
      Way way = first(peer, field, steps, recall);
      double value =
          enough(way, recall) ? way.contenders.getFirst().run(4, 2).rate() : way.recall - 1;
      if (value > most) {
        most = value;
        best = way;
      }
    }
    return best;
  }

  /// The first step that finds as much, otherwise the last.
  private Way first(
      Peer peer, Corpus.@Nullable Field field, List<Map<String, Object>> steps, double recall)
      throws Exception {
    int low = 0;
    int high = steps.size() - 1;
    while (low < high) {
      int middle = (low + high) / 2;
      if (enough(way(peer, field, steps.get(middle)), recall)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return way(peer, field, steps.get(low));
  }

  private static boolean enough(Way way, double recall) {
    return way.recall >= recall - 0.01;
  }

  private Way way(Peer peer, Corpus.@Nullable Field field, Map<String, Object> settings)
      throws Exception {
    var requests = new ArrayList<byte[]>();
    for (int query = 0; query < Corpus.QUERIES; query++) {
      requests.add(
          peer.request(
              vectors.query(query, dimensions),
              field == null ? Map.of() : filter(field, query),
              settings));
    }
    List<Contender> contenders = peer.contenders(requests, settings, backends);
    return new Way(settings, contenders, truth.of(contenders.getFirst(), field).recall());
  }

  // ---- Turns ------------------------------------------------------------------------------------

  /// All turns of one contender.
  private record Turns(Contender contender, List<Load> loads, Truth.Quality quality) {

    Load all() {
      return loads.stream().reduce(Load::plus).orElseThrow();
    }

    /// The median of what each round says, because the machine changes from round to round.
    double ratio(Turns to) {
      double[] ratios = new double[loads.size()];
      for (int i = 0; i < ratios.length; i++) {
        ratios[i] = loads.get(i).rate() / to.loads.get(i).rate();
      }
      Arrays.sort(ratios);
      int middle = ratios.length / 2;
      return ratios.length % 2 == 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
    }
  }

  private List<Turns> measure(
      String of, List<Contender> contenders, int connections, Corpus.@Nullable Field field)
      throws Exception {
    var turns = new ArrayList<Turns>();
    for (Contender contender : contenders) {
      turns.add(new Turns(contender, new ArrayList<>(), truth.of(contender, field)));
    }
    for (int round = 0; round < rounds; round++) {
      for (Turns each : turns) {
        each.loads.add(each.contender.run(connections, seconds));
      }
    }
    report.title(
        of, "   q/s  ratio     p50     p95     p99 ms   client service postgres ms   recall  rows");
    for (Turns each : turns) {
      Load all = each.all();
      double queries = all.micros().length / 1e3;
      report.line(
          each.contender.name(),
          "%6.0f  %5.2f  %6.2f  %6.2f  %6.2f        %5.2f   %5.2f   %5.2f        %5.3f  %4.1f",
          all.rate(),
          each.ratio(turns.getFirst()),
          all.percentile(0.5),
          all.percentile(0.95),
          all.percentile(0.99),
          all.cpu().client() / queries,
          all.cpu().service() / queries,
          all.cpu().server() / queries,
          each.quality.recall(),
          each.quality.rows());
      var result = new LinkedHashMap<String, Object>();
      result.put("work", of);
      result.put("by", each.contender.name());
      result.put("connections", connections);
      result.put("queriesPerSecond", all.rate());
      result.put("eachRound", each.loads.stream().map(Load::rate).toList());
      result.put("ratio", each.ratio(turns.getFirst()));
      result.put("p50", all.percentile(0.5));
      result.put("p95", all.percentile(0.95));
      result.put("p99", all.percentile(0.99));
      result.put("clientCpu", all.cpu().client() / queries);
      result.put("serviceCpu", all.cpu().service() / queries);
      result.put("postgresCpu", all.cpu().server() / queries);
      result.put("recall", each.quality.recall());
      result.put("rows", each.quality.rows());
      report.result(result);
    }
    return turns;
  }
}
