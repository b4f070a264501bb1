package dev.sheaf.index;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionService.Searched;
import dev.sheaf.collection.UpdateCollection;
import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.embedding.Space;
import dev.sheaf.index.IndexTable.Look;
import dev.sheaf.index.IndexTable.Sample;
import dev.sheaf.index.RecallMeasurement.Truth;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.search.LiveQueries;
import dev.sheaf.search.SearchConfig;
import io.agroal.api.AgroalDataSource;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jboss.logging.Logger;

/// The indexes of collections: how they are, how well they find, and how far searches are to look
/// in them.
@ApplicationScoped
public class IndexService {

  private static final Logger LOG = Logger.getLogger(IndexService.class);

  private static final String EMPTY = "the collection is empty; there is nothing to search for";

  private final AgroalDataSource dataSource;
  private final CollectionService collections;
  private final IndexTable table;
  private final RecallMeasurement measurement;
  private final LiveQueries queries;
  private final SearchConfig search;
  private final IndexConfig config;

  IndexService(
      AgroalDataSource dataSource,
      CollectionService collections,
      IndexTable table,
      RecallMeasurement measurement,
      LiveQueries queries,
      SearchConfig search,
      IndexConfig config) {
    this.dataSource = dataSource;
    this.collections = collections;
    this.table = table;
    this.measurement = measurement;
    this.queries = queries;
    this.search = search;
    this.config = config;
  }

  /// How the index of a collection is.
  ///
  /// @throws Problem when there is no such collection
  public IndexView describe(String collection) throws SQLException {
    Searched searched = collections.searched(collection);
    return collections.onPartitions(collection, searched.space(), () -> describe(searched));
  }

  private IndexView describe(Searched searched) throws SQLException {
    int ef = efSearch(searched);
    Look look = table.look(searched.space());
    boolean valid = look.index() != null && look.index().valid();
    Map<Sample, Optional<Recall>> measured =
        look.indexId() == null ? Map.of() : table.measured(searched.space(), look.indexId(), ef);
    Optional<Recall> recall = measured.getOrDefault(Sample.STORED, Optional.empty());
    return new IndexView(
        look.rows(),
        look.bytes(),
        look.deadRows(),
        look.changes() == null ? null : Math.max(0, look.changes()),
        ef,
        look.index(),
        look.build(),
        recall.orElse(null),
        recall.isPresent() ? null : missing(look, valid, measured.containsKey(Sample.STORED)),
        measured.getOrDefault(Sample.QUERIES, Optional.empty()).orElse(null));
  }

  private String missing(Look look, boolean valid, boolean tried) {
    if (valid && look.rows() == 0) {
      return EMPTY;
    }
    if (valid) {
      return tried ? tooSlow() : "it is being measured, or will be within seconds";
    }
    if (look.build() != null) {
      return "the index is being built; until then every vector is compared, and recall is 1";
    }
    return look.rows() < config.minRows()
        ? "there is no index below %s rows; every vector is compared, and recall is 1"
            .formatted(config.minRows())
        : "there is no index yet; every vector is compared, and recall is 1";
  }

  private Problem nothingMeasured(List<float[]> sample) {
    return sample.isEmpty()
        ? new Problem(ProblemType.INDEX_MISSING, EMPTY)
        : new Problem(ProblemType.SEARCH_TIMEOUT, tooSlow());
  }

  private String tooSlow() {
    return "%s ms were not enough to compare a single vector with every other; give it more with sheaf.index.measure-at-most"
        .formatted(config.measureAtMost().toMillis());
  }

  /// Measures the recall of a collection's index, as it is searched now.
  ///
  /// @throws Problem when there is no such collection, it has no index, another measures it, or
  ///   there was no time to measure anything
  public Recall measure(String collection) throws SQLException {
    Searched searched = collections.searched(collection);
    Space space = searched.space();
    int ef = efSearch(searched);
    return alone(
        searched,
        collection,
        indexId -> {
          List<float[]> sample = measurement.betweenStored(space);
          Optional<Measured> stored = measurement.measure(space, sample, ef);
          table.record(space, indexId, ef, Sample.STORED, stored);
          List<float[]> asked = queries.take(space);
          if (!asked.isEmpty()) {
            table.record(space, indexId, ef, Sample.QUERIES, measurement.measure(space, asked, ef));
          }
          if (stored.isEmpty()) {
            throw nothingMeasured(sample);
          }
          return table
              .measured(space, indexId, ef)
              .getOrDefault(Sample.STORED, Optional.empty())
              .orElseThrow(IndexService::noIndex);
        });
  }

  /// Finds the smallest `ef_search` with which searches find enough, and stores it in the settings
  /// of the collection.
  ///
  /// @throws Problem as [#measure], and when no `ef_search` is enough
  public Tuning tune(String collection, TuneIndex request) throws SQLException {
    Searched searched = collections.searched(collection);
    Space space = searched.space();
    return alone(
        searched,
        collection,
        indexId -> {
          List<float[]> sample = measurement.betweenStored(space);
          List<Truth> truths = measurement.truths(space, sample);
          if (truths.isEmpty()) {
            throw nothingMeasured(sample);
          }
          Tuning tuning =
              Tuning.of(
                  request.recall(),
                  space.precision().candidates(RecallMeasurement.K),
                  ef -> measurement.measureAgainst(truths, space, ef));
          collections.update(collection, UpdateCollection.efSearch(tuning.efSearch()));
          Measured reached =
              tuning.steps().stream()
                  .filter(step -> step.efSearch() == tuning.efSearch())
                  .findFirst()
                  .orElseThrow();
          table.record(space, indexId, tuning.efSearch(), Sample.STORED, Optional.of(reached));
          return tuning;
        });
  }

  /// Measures what has not been measured since it was built, since its settings changed, or since
  /// many of its rows did.
  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP)
  void measureWhatIsDue() {
    try {
      for (String collection : table.due(search.efSearch())) {
        measureUnlessItCannotBe(collection);
      }
    } catch (SQLException e) {
      // The database is away; the next look finds what this one did not.
      LOG.warnf("Recall not measured: reason=%s", e.getMessage());
    }
  }

  private void measureUnlessItCannotBe(String collection) throws SQLException {
    try {
      Recall recall = measure(collection);
      LOG.infof(
          "Recall measured: collection=%s recall=%.4f efSearch=%s sample=%s",
          collection, recall.value(), recall.efSearch(), recall.sampleSize());
    } catch (Problem e) {
      // Dropped, being replaced, being measured by another replica, or too large for its time.
      LOG.infof("Recall not measured: collection=%s reason=%s", collection, e.detail());
    } catch (SQLException e) {
      boolean passed =
          ConcurrentChange.isOverLocks(e)
              || (ConcurrentChange.isBehind(e)
                  && !table.due(search.efSearch()).contains(collection));
      if (!passed) {
        throw e;
      }
      // It was dropped meanwhile, or the locks were taken.
      LOG.debugf(e, "Recall not measured: collection=%s", collection);
    }
  }

  private interface Measuring<T> {
    T on(long indexId) throws SQLException;
  }

  /// Comparing every vector is work; one measurement of a space at a time is enough.
  private <T> T alone(Searched searched, String collection, Measuring<T> measuring)
      throws SQLException {
    return collections.onPartitions(
        collection, searched.space(), () -> alone(searched.space(), collection, measuring));
  }

  private <T> T alone(Space space, String collection, Measuring<T> measuring) throws SQLException {
    Look look = table.look(space);
    if (look.index() == null || !look.index().valid()) {
      throw noIndex();
    }
    try (Connection connection = dataSource.getConnection();
        AdvisoryLock lock = IndexLock.MEASURE.tryAcquire(connection, space.id())) {
      if (lock == null) {
        throw new Problem(
            ProblemType.BUSY,
            "the index of " + collection + " is being measured; try again in some seconds");
      }
      return measuring.on(Objects.requireNonNull(look.indexId()));
    }
  }

  private int efSearch(Searched searched) {
    return searched.settings().efSearch(search.efSearch());
  }

  static Problem noIndex() {
    return new Problem(
        ProblemType.INDEX_MISSING,
        "the collection has no index yet; every vector is compared, and recall is 1");
  }
}
