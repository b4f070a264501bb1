package dev.sheaf.index;

import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionService.ActiveSpace;
import dev.sheaf.collection.UpdateCollection;
import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.HnswGraph;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModel.Purpose;
import dev.sheaf.embedding.EmbeddingModels;
import dev.sheaf.embedding.HeldRecall;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.TextValidator;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.http.Preconditions;
import dev.sheaf.index.IndexTable.IndexState;
import dev.sheaf.index.IndexTable.Sample;
import dev.sheaf.index.IndexTable.Unmeasured;
import dev.sheaf.index.IndexView.BuildMemory;
import dev.sheaf.index.IndexView.DeclaredRecall;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Describes the indexes of collections, measures their recall, and tunes `ef_search`.
@ApplicationScoped
public class IndexService {

  private static final Logger LOG = Logger.getLogger(IndexService.class);

  private static final String EMPTY =
      "The collection is empty. Add documents before you measure its recall.";

  private static final String NO_INDEX =
      "The collection has no index yet. Searches compare every vector, and recall is 1.";

  private static final int TEXTS_AT_A_TIME = 64;

  private final AgroalDataSource dataSource;
  private final CollectionService collections;
  private final IndexTable table;
  private final RecallMeasurer measurer;
  private final EmbeddingModels models;
  private final LiveQueries queries;
  private final SearchConfig search;
  private final IndexConfig config;
  private final CollectionsToCheck toCheck;

  IndexService(
      AgroalDataSource dataSource,
      CollectionService collections,
      IndexTable table,
      RecallMeasurer measurer,
      EmbeddingModels models,
      LiveQueries queries,
      SearchConfig search,
      IndexConfig config,
      CollectionChanges changes) {
    this.dataSource = dataSource;
    this.collections = collections;
    this.table = table;
    this.measurer = measurer;
    this.models = models;
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
        declaredRecall(searched, valid, recall.orElse(null)),
        measured.getOrDefault(Sample.QUERIES, Optional.empty()).orElse(null));
  }

  private @Nullable DeclaredRecall declaredRecall(
      ActiveSpace searched, boolean valid, @Nullable Recall measured) {
    Double goal = searched.settings().recall();
    if (goal == null) {
      return null;
    }
    int ef = efSearch(searched);
    if (!valid) {
      return new DeclaredRecall(
          goal, true, "Held: without an index, searches compare every vector, and recall is 1.");
    }
    if (searched.settings().heldRecall() == null) {
      return new DeclaredRecall(
          goal,
          null,
          "Not held, because hnsw.efSearch of the collection is set to %s. To hold the recall, set recall again."
              .formatted(ef));
    }
    HeldRecall held = searched.held();
    Double low = measured == null ? null : measured.low();
    if (measured == null || low == null || held == null || held.recall() != goal) {
      return new DeclaredRecall(
          goal, null, "Not measured yet. Until then, searches use efSearch %s.".formatted(ef));
    }
    String interval = String.format(Locale.ROOT, "measured %.4f to %.4f", low, measured.high());
    if (MeasuredRecall.reaches(goal, measured.value(), low, measured.sampleSize())) {
      return new DeclaredRecall(
          goal,
          true,
          low >= goal
              ? "Held with efSearch %s: %s.".formatted(ef, interval)
              : "Held with efSearch %s, as far as %s searches can show: %s."
                  .formatted(ef, measured.sampleSize(), interval));
    }
    return new DeclaredRecall(
        goal,
        false,
        "Cannot be held within efSearch %s: %s. Raise hnsw.m or hnsw.efConstruction, choose a higher precision, raise sheaf.index.max-ef-search, or declare a lower recall."
            .formatted(ef, interval));
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
    Space space = collections.activeSpace(collection);
    return exclusively(
        space,
        collection,
        indexId -> {
          // Another replica may have changed it until now.
          ActiveSpace searched = collections.activeSpaceAndSettings(collection);
          if (searched.space().id() != space.id()) {
            throw CollectionService.notFound(collection);
          }
          SampledVectors sample = measurer.storedVectors(space);
          Double declared = searched.settings().heldRecall();
          Optional<MeasuredRecall> stored =
              declared == null
                  ? measurer.measure(space, sample, efSearch(searched))
                  : hold(collection, searched, indexId, declared, sample);
          int ef = stored.map(MeasuredRecall::efSearch).orElse(efSearch(searched));
          if (declared == null || stored.isEmpty()) {
            table.storeRecall(space, indexId, ef, Sample.STORED, stored);
          }
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

  /// Chooses the `ef_search` that holds a declared recall, and stores it with its measurement. From
  /// then on, all replicas use it.
  ///
  /// @return the measurement with it; empty if the measurement timed out
  private Optional<MeasuredRecall> hold(
      String collection, ActiveSpace searched, long indexId, double recall, SampledVectors sample)
      throws SQLException {
    Space space = searched.space();
    int before = efSearch(searched);
    int max = config.maxEfSearch();
    HeldRecall held = searched.held();
    List<GroundTruth> groundTruths = measurer.groundTruths(space, sample);
    if (groundTruths.isEmpty()) {
      table.storeHeld(space, new HeldRecall(recall, before, max));
      return Optional.empty();
    }
    var tried = new HashMap<Integer, MeasuredRecall>();
    var holder =
        new RecallHolder(
            recall,
            space.precision().candidates(RecallMeasurer.K),
            max,
            ef -> {
              MeasuredRecall measured = measurer.measureAgainst(groundTruths, space, ef);
              tried.put(ef, measured);
              return measured;
            });
    MeasuredRecall chosen =
        held == null || held.recall() != recall ? holder.choose() : holder.adjust(before);
    table.storeRecall(space, indexId, chosen.efSearch(), Sample.STORED, Optional.of(chosen));
    table.storeHeld(space, new HeldRecall(recall, chosen.efSearch(), max));
    MeasuredRecall replaced = tried.get(before);
    if (replaced != null && chosen.efSearch() != before) {
      // A loss with the same ef rebuilds the index, also if a larger ef makes up for it.
      table.storeRecall(space, indexId, before, Sample.STORED, Optional.of(replaced));
    }
    if (chosen.efSearch() != before || !chosen.reaches(recall)) {
      LOG.logf(
          chosen.reaches(recall) ? Logger.Level.INFO : Logger.Level.WARN,
          "Declared recall %s: collection=%s recall=%s efSearch=%s before=%s low=%.4f high=%.4f",
          chosen.reaches(recall) ? "held" : "cannot be held",
          collection,
          recall,
          chosen.efSearch(),
          before,
          chosen.low(),
          chosen.high());
    }
    return Optional.of(chosen);
  }

  /// Finds the smallest `ef_search` that reaches a recall, and stores it in the collection's
  /// settings. The questions are those of the request, otherwise recent ones of clients if they are
  /// enough to show the recall, otherwise midpoints of stored vectors.
  ///
  /// @throws Problem as [#measure], if a question is not valid, and if no `ef_search` reaches the
  ///   recall
  public Tuning tune(String collection, TuneIndex request) throws SQLException {
    Space space = collections.activeSpace(collection);
    List<float[]> given = questions(space, request);
    return exclusively(
        space,
        collection,
        indexId -> {
          List<float[]> asked = given.isEmpty() ? queries.sample(space) : given;
          QuestionSource source =
              !given.isEmpty()
                  ? QuestionSource.REQUEST
                  : RecallInterval.lowestOfAll(asked.size()) >= request.recall()
                      ? QuestionSource.SEARCHES
                      : QuestionSource.STORED;
          SampledVectors sample =
              source == QuestionSource.STORED
                  ? measurer.storedVectors(space)
                  : new SampledVectors(asked);
          List<GroundTruth> groundTruths = measurer.groundTruths(space, sample);
          if (groundTruths.isEmpty()) {
            throw noMeasurement(sample);
          }
          Tuning tuning =
              Tuning.of(
                  request.recall(),
                  space.precision().candidates(RecallMeasurer.K),
                  source,
                  ef -> measurer.measureAgainst(groundTruths, space, ef));
          collections.update(
              collection, UpdateCollection.efSearch(tuning.efSearch()), Preconditions.NONE);
          MeasuredRecall reached =
              tuning.steps().stream()
                  .filter(step -> step.efSearch() == tuning.efSearch())
                  .findFirst()
                  .orElseThrow();
          table.storeRecall(
              space,
              indexId,
              tuning.efSearch(),
              source == QuestionSource.STORED ? Sample.STORED : Sample.QUERIES,
              Optional.of(reached));
          return tuning;
        });
  }

  /// The vectors of the questions of a request.
  private List<float[]> questions(Space space, TuneIndex request) {
    var questions = new ArrayList<float[]>();
    for (int i = 0; i < request.vectors().size(); i++) {
      questions.add(VectorValidator.check("vectors[" + i + "]", request.vectors().get(i), space));
    }
    List<String> texts = request.texts();
    if (!texts.isEmpty()) {
      EmbeddingModel model = models.forSpace(space);
      if (!model.embedsTexts()) {
        throw Problem.field(
            "texts", "The collection has no model that embeds text. Send vectors instead.");
      }
      for (int i = 0; i < texts.size(); i++) {
        TextValidator.requireReadable("texts[" + i + "]", texts.get(i), model);
      }
      for (int from = 0; from < texts.size(); from += TEXTS_AT_A_TIME) {
        List<String> some = texts.subList(from, Math.min(from + TEXTS_AT_A_TIME, texts.size()));
        for (float[] vector : model.embed(some, Purpose.QUERY)) {
          questions.add(VectorValidator.check("texts", vector, space));
        }
      }
    }
    return questions;
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
  private <T> T exclusively(Space space, String collection, Measurer<T> measurer)
      throws SQLException {
    return collections.onPartitions(
        collection, space, () -> lockAndMeasure(space, collection, measurer));
  }

  private <T> T lockAndMeasure(Space space, String collection, Measurer<T> measurer)
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
    return searched.efSearch(search.efSearch());
  }

  static Problem noIndex() {
    return new Problem(ProblemType.INDEX_MISSING, NO_INDEX);
  }
}
