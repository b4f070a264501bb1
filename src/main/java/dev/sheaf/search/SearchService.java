package dev.sheaf.search;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CollectionService.Searched;
import dev.sheaf.database.SqlStates;
import dev.sheaf.document.DocumentId;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorValidator;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.Predicate;
import dev.sheaf.limits.LimitConcurrency;
import dev.sheaf.limits.WorkKind;
import dev.sheaf.runtime.ModuleSwitches;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// Searches of collections.
@ApplicationScoped
public class SearchService {

  private static final String FULLTEXT = "fulltext";

  private final CollectionService collections;
  private final QueryVectors vectors;
  private final LiveQueries live;
  private final Planner planner;
  private final ModuleSwitches modules;
  private final SearchLog log;
  private final SearchConfig config;

  /// How long settings may be what they were, on every replica but the one that changed them.
  private static final Duration STALE = Duration.ofSeconds(2);

  /// Where the vectors of a collection are, and its settings. Whether the former is still so, its
  /// tables say: they are gone when it is not.
  private final ConcurrentMap<String, Known> known = new ConcurrentHashMap<>();

  /// @param until by [System#nanoTime]
  private record Known(Searched collection, long until) {}

  SearchService(
      CollectionService collections,
      QueryVectors vectors,
      LiveQueries live,
      Planner planner,
      ModuleSwitches modules,
      SearchLog log,
      SearchConfig config) {
    this.collections = collections;
    this.vectors = vectors;
    this.live = live;
    this.planner = planner;
    this.modules = modules;
    this.log = log;
    this.config = config;
  }

  /// Finds chunks.
  ///
  /// @throws Problem when the collection does not exist, what is searched for does not fit it, the
  ///   module is off that the mode needs, too many others search, or the time is over
  @LimitConcurrency(WorkKind.SEARCH)
  public SearchResponse search(String collection, SearchRequest request) throws SQLException {
    long start = System.nanoTime();
    if (request.mode() != Mode.VECTOR || request.highlight()) {
      modules.require(FULLTEXT);
    }
    Planner.Outcome outcome;
    try {
      outcome = search(known(collection), collection, request);
    } catch (SQLException e) {
      if (!SqlStates.UNDEFINED_TABLE.equals(e.getSQLState())) {
        throw e;
      }
      // The collection was dropped, and there may be a new one of the same name.
      known.remove(collection);
      Searched again = known(collection);
      outcome =
          collections.onPartitions(
              collection, again.space(), () -> search(again, collection, request));
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    log.record(collection, request, outcome, took);
    return new SearchResponse(
        outcome.hits(),
        outcome.strategy(),
        outcome.exact(),
        outcome.scanned(),
        outcome.truncatedBecause() != null,
        outcome.truncatedBecause(),
        Math.round(took.toNanos() / 1e3) / 1e3,
        request.explain() ? outcome.explained() : null);
  }

  private Searched known(String name) {
    Known cached = known.get(name);
    if (cached == null || cached.until() - System.nanoTime() < 0) {
      cached = new Known(collections.searched(name), System.nanoTime() + STALE.toNanos());
      known.put(name, cached);
    }
    return cached.collection();
  }

  private Planner.Outcome search(Searched searched, String collection, SearchRequest request)
      throws SQLException {
    Space space = searched.space();
    UUID like =
        request.like() == null
            ? null
            : DocumentId.of(space.collectionId(), request.like().document());
    return planner.search(
        new Query(
            request,
            space,
            vector(space, collection, request, like),
            request.filter().equals(Filter.EVERYTHING) ? null : Predicate.of(request.filter()),
            like,
            searched.settings().searchLanguage()),
        searched.settings().efSearch(config.efSearch()));
  }

  private float @Nullable [] vector(
      Space space, String collection, SearchRequest request, @Nullable UUID like)
      throws SQLException {
    if (request.mode() == Mode.FULLTEXT) {
      return null;
    }
    if (request.like() != null && like != null) {
      return vectors.stored(space, collection, request.like(), like);
    }
    float[] given = request.vector();
    float[] asked =
        given == null
            ? vectors.of(space, Objects.requireNonNull(request.text()))
            : VectorValidator.check("vector", given, space);
    live.saw(space, asked);
    return asked;
  }
}
