package dev.sheaf.index;

import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionService.ActiveSpace;
import dev.sheaf.collection.UpdateCollection;
import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.HnswGraph;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.embedding.Space;
import dev.sheaf.http.Preconditions;
import dev.sheaf.index.IndexTable.IndexState;
import dev.sheaf.index.IndexTable.Sample;
import dev.sheaf.index.IndexTable.Unmeasured;
import dev.sheaf.index.IndexView.BuildMemory;
import dev.sheaf.index.RecallMeasurer.GroundTruth;
import dev.sheaf.index.RecallMeasurer.SampledVectors;
import dev.sheaf.limits.LimitConcurrency;
import dev.sheaf.limits.WorkKind;
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
import java.util.Set;
import org.jboss.logging.Logger;

/// Describes the indexes of collections, measures their recall, and tunes `ef_search`.
@ApplicationScoped
public class IndexService {

  private static final Logger LOG = Logger.getLogger(IndexService.class);

  private static final String EMPTY =
      "The collection is empty. Add documents before you measure its recall.";

  private static final String NO_INDEX =
      "The collection has no index yet. Searches compare every vector, and recall is 1.";

  private final AgroalDataSource dataSource;
  private final CollectionService collections;
  private final IndexTable table;
  private final RecallMeasurer measurer;
  private final LiveQueries queries;
  private final SearchConfig search;
  private final IndexConfig config;
  private final CollectionsToCheck toCheck;

  IndexService(
      AgroalDataSource dataSource,
      CollectionService collections,
      IndexTable table,
      RecallMeasurer measurer,
      LiveQueries queries,
      SearchConfig search,
      IndexConfig config,
      CollectionChanges changes) {
    this.dataSource = dataSource;
    this.collections = collections;
    this.table = table;
    this.measurer = measurer;
    this.queries = queries;
    this.search = search;
    this.config = config;
    this.toCheck = new CollectionsToCheck(changes);
  }

  /// The state and the recall of a collection's index.
  ///
  /// @param counted whether to count the vectors, however many they are
  /// @throws Problem if there is no such collection, or too many reads are running
  @LimitConcurrency(WorkKind.READ)
  public IndexView describe(String collection, boolean counted) throws SQLException {
    ActiveSpace searched = collections.activeSpaceAndSettings(collection);
    return collections.onPartitions(
        collection, searched.space(), () -> describe(searched, counted));
  }

  private IndexView describe(ActiveSpace searched, boolean counted) throws SQLException {
    int ef = efSearch(searched);
    IndexState state = table.state(searched.space(), counted);
    boolean valid = state.index() != null && state.index().valid();
    Map<Sample, Optional<Recall>> measured =
        state.indexId() == null ? Map.of() : table.recalls(searched.space(), state.indexId(), ef);
    Optional<Recall> recall = measured.getOrDefault(Sample.STORED, Optional.empty());
    return new IndexView(
        state.rows().rows(),
        state.rows().estimated(),
        state.bytes(),
        state.deadRows(),
        state.changes() == null ? null : Math.max(0, state.changes()),
        ef,
        state.index(),
        state.build(),
        BuildMemory.of(
            state.rows().rows(),
            HnswGraph.bytes(
                searched.space().precision().bytes(searched.space().dimensions()),
                state.index() == null ? searched.settings().m(config.m()) : state.index().m()),
            state.maintenanceMemory(),
            config),
        recall.orElse(null),
        recall.isPresent()
            ? null
            : recallMissing(state, valid, measured.containsKey(Sample.STORED)),
        measured.getOrDefault(Sample.QUERIES, Optional.empty()).orElse(null));
  }

  private String recallMissing(IndexState state, boolean valid, boolean attempted) {
    if (valid && state.rows().rows() == 0) {
      return EMPTY;
    }
    if (valid) {
      return attempted
          ? tooLittleTime()
          : "Recall has not been measured yet. Retry in a few seconds.";
    }
    if (state.build() != null) {
      return "The index is being built. Until it is ready, searches compare every vector, and recall is 1.";
    }
    return state.rows().rows() < config.minRows()
        ? "A collection with fewer than %s vectors has no index. Searches compare every vector, and recall is 1."
            .formatted(config.minRows())
        : NO_INDEX;
  }

  private Problem noMeasurement(SampledVectors sample) {
    return sample.isEmpty()
        ? new Problem(ProblemType.INDEX_MISSING, EMPTY)
        : new Problem(ProblemType.SEARCH_TIMEOUT, tooLittleTime());
  }

  private String tooLittleTime() {
    return "The measurement timed out: %s ms were not enough to find the nearest vectors exactly. Raise sheaf.index.measure-at-most."
        .formatted(config.measureAtMost().toMillis());
  }

  /// Measures the recall of a collection's index with the `ef_search` that searches use now.
  ///
  /// @throws Problem if there is no such collection, it has no index, a measurement is already
  ///   running, or the measurement times out
  public Recall measure(String collection) throws SQLException {
    ActiveSpace searched = collections.activeSpaceAndSettings(collection);
    Space space = searched.space();
    int ef = efSearch(searched);
    return exclusively(
        searched,
        collection,
        indexId -> {
          SampledVectors sample = measurer.storedVectors(space);
          Optional<MeasuredRecall> stored = measurer.measure(space, sample, ef);
          table.storeRecall(space, indexId, ef, Sample.STORED, stored);
          List<float[]> asked = queries.consume(space);
          if (!asked.isEmpty()) {
            table.storeRecall(
                space,
                indexId,
                ef,
                Sample.QUERIES,
                measurer.measure(space, new SampledVectors(asked), ef));
          }
          if (stored.isEmpty()) {
            throw noMeasurement(sample);
          }
          return table
              .recalls(space, indexId, ef)
              .getOrDefault(Sample.STORED, Optional.empty())
              .orElseThrow(IndexService::noIndex);
        });
  }

  /// Finds the smallest `ef_search` that reaches a recall, and stores it in the collection's
  /// settings.
  ///
  /// @throws Problem as [#measure], and if no `ef_search` reaches the recall
  public Tuning tune(String collection, TuneIndex request) throws SQLException {
    ActiveSpace searched = collections.activeSpaceAndSettings(collection);
    Space space = searched.space();
    return exclusively(
        searched,
        collection,
        indexId -> {
          SampledVectors sample = measurer.storedVectors(space);
          List<GroundTruth> groundTruths = measurer.groundTruths(space, sample);
          if (groundTruths.isEmpty()) {
            throw noMeasurement(sample);
          }
          Tuning tuning =
              Tuning.of(
                  request.recall(),
                  space.precision().candidates(RecallMeasurer.K),
                  ef -> measurer.measureAgainst(groundTruths, space, ef));
          collections.update(
              collection, UpdateCollection.efSearch(tuning.efSearch()), Preconditions.NONE);
          MeasuredRecall reached =
              tuning.steps().stream()
                  .filter(step -> step.efSearch() == tuning.efSearch())
                  .findFirst()
                  .orElseThrow();
          table.storeRecall(space, indexId, tuning.efSearch(), Sample.STORED, Optional.of(reached));
          return tuning;
        });
  }

  /// Measures each index that was built, whose settings changed, or many of whose rows changed,
  /// since its last measurement.
  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  void measureStaleIndexes() {
    try {
      Set<Long> checked;
      try (Connection connection = dataSource.getConnection()) {
        checked = toCheck.next(connection);
      }
      for (Unmeasured unmeasured : table.collectionsToMeasure(search.efSearch(), checked)) {
        tryMeasure(unmeasured);
      }
    } catch (SQLException e) {
      // The database is unavailable; the next run measures the same indexes.
      LOG.warnf("Recall not measured: reason=%s", e.getMessage());
    }
  }

  private void tryMeasure(Unmeasured unmeasured) throws SQLException {
    String collection = unmeasured.collection();
    try {
      Recall recall = measure(collection);
      LOG.infof(
          "Recall measured: collection=%s recall=%.4f low=%.4f high=%.4f efSearch=%s sample=%s",
          collection,
          recall.value(),
          recall.low(),
          recall.high(),
          recall.efSearch(),
          recall.sampleSize());
    } catch (Problem e) {
      // The collection was dropped, its index is being replaced, another replica measures it, or
      // the measurement timed out.
      LOG.infof("Recall not measured: collection=%s reason=%s", collection, e.detail());
    } catch (SQLException e) {
      boolean obsolete =
          ConcurrentChange.isOverLocks(e)
              || (ConcurrentChange.isBehind(e)
                  && table
                      .collectionsToMeasure(search.efSearch(), Set.of(unmeasured.collectionId()))
                      .isEmpty());
      // If it is obsolete, the collection was dropped, or the locks were not available. In any
      // case,
      // the other collections are not affected.
      LOG.logf(
          obsolete ? Logger.Level.DEBUG : Logger.Level.WARN,
          "Recall not measured: collection=%s reason=%s",
          collection,
          e.getMessage());
    } catch (RuntimeException e) {
      LOG.errorf(e, "Recall not measured: collection=%s", collection);
    }
  }

  private interface Measurer<T> {
    T measure(long indexId) throws SQLException;
  }

  /// Exact searches are expensive, so only one measurement of a space runs at a time.
  private <T> T exclusively(ActiveSpace searched, String collection, Measurer<T> measurer)
      throws SQLException {
    return collections.onPartitions(
        collection, searched.space(), () -> exclusively(searched.space(), collection, measurer));
  }

  private <T> T exclusively(Space space, String collection, Measurer<T> measurer)
      throws SQLException {
    IndexState state = table.state(space);
    if (state.index() == null || !state.index().valid()) {
      throw noIndex();
    }
    try (Connection connection = dataSource.getConnection();
        AdvisoryLock lock = IndexLock.MEASURE.tryAcquire(connection, space.id())) {
      if (lock == null) {
        throw new Problem(
            ProblemType.BUSY,
            "The index of " + collection + " is already being measured. Retry in a few seconds.");
      }
      return measurer.measure(Objects.requireNonNull(state.indexId()));
    }
  }

  private int efSearch(ActiveSpace searched) {
    return searched.settings().efSearch(search.efSearch());
  }

  static Problem noIndex() {
    return new Problem(ProblemType.INDEX_MISSING, NO_INDEX);
  }
}
