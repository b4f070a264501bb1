package dev.sheaf.search;

import dev.sheaf.database.Cancellation;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.StartupFailure;
import dev.sheaf.telemetry.Spans;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Reranks the best hits of a search: a [RerankModel] scores them, the best ones first, one batch
/// after the other. Hits that have no score when the time is over, or after a failure, follow in
/// the order of the search.
@Singleton
class Reranker {

  private static final Logger LOG = Logger.getLogger(Reranker.class);

  private static final MeterProvider<Timer> TIMES =
      Timer.builder("sheaf.rerank")
          .description("Time of the model that reranks the hits of a search")
          .withRegistry(Metrics.globalRegistry);

  private final RerankConfig config;
  private final Spans spans;
  private final @Nullable RerankModel model;
  private final Semaphore requests;
  private final AtomicBoolean failing = new AtomicBoolean();

  /// The reranked hits.
  ///
  /// @param groups best first, and the hits of each best first
  record Result(List<List<Hit>> groups, Reranked reranked) {}

  Reranker(RerankConfig config, Spans spans) {
    this.config = config;
    this.spans = spans;
    this.model = model(config);
    this.requests = new Semaphore(config.concurrency(), true);
    for (String outcome : List.of("all", "some", "none")) {
      TIMES.withTag("outcome", outcome);
    }
  }

  private static @Nullable RerankModel model(RerankConfig config) {
    if (config.url().isPresent()) {
      // Settings checks that the model has a name.
      return new RerankServer(config.url().get(), config.model().orElseThrow(), config);
    }
    if (config.directory().isEmpty()) {
      return null;
    }
    Path directory = config.directory().get().toAbsolutePath().normalize();
    return new CrossEncoder(
        directory,
        config.model().orElseGet(() -> String.valueOf(directory.getFileName())),
        config.maxTokens(),
        config.threads().orElseGet(() -> Runtime.getRuntime().availableProcessors()));
  }

  /// A model that cannot be loaded fails the start, before the schema is migrated.
  void load(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE - 1) StartupEvent event) {
    if (model != null) {
      StartupFailure.exitIfFails("reranking", model::load);
    }
  }

  @PreDestroy
  void close() {
    if (model != null) {
      model.close();
    }
  }

  /// The number of hits, or of documents with `groupBy`, to rerank.
  ///
  /// @throws Problem if there is no model, or the hits or the time are more than it allows, or the
  ///   hits do not contain the requested page
  int limit(SearchRequest request, Rerank rerank) {
    if (model == null) {
      throw Problem.field(
          "rerank",
          "This service has no model for reranking. The operator sets sheaf.rerank.url or sheaf.rerank.directory.");
    }
    int most = config.maxHits() / request.groupSize();
    int boosted = request.boost().isEmpty() ? most : request.window();
    int limit = rerank.limit() == null ? Math.min(most, boosted) : rerank.limit();
    if (limit > most) {
      throw Problem.field(
          "rerank.limit",
          "rerank.limit times groupSize must be at most %s. The operator's limit is sheaf.rerank.max-hits."
              .formatted(config.maxHits()));
    }
    if (limit > boosted) {
      throw Problem.field(
          "rerank.limit",
          "rerank.limit is %s, but only %s hits are boosted. Raise window, or lower rerank.limit."
              .formatted(limit, boosted));
    }
    int last = request.offset() + request.limit();
    if (last > limit) {
      throw Problem.field(
          "rerank.limit",
          "offset + limit is %s, but only %s hits are reranked. Raise rerank.limit, or ask for fewer hits."
              .formatted(last, limit));
    }
    if (rerank.timeout() != null && rerank.timeout() > config.timeout().toMillis()) {
      throw Problem.field(
          "rerank.timeout",
          "rerank.timeout must be at most %s, not %s. The operator's limit is sheaf.rerank.timeout."
              .formatted(config.timeout().toMillis(), rerank.timeout()));
    }
    return limit;
  }

  /// Reranks the first [#limit] hits.
  ///
  /// @param groups hits that stay together, with their titles and texts
  /// @param titles whether the model reads the titles too
  /// @throws SQLException if nobody waits for the answer any more
  Result rerank(
      SearchRequest request,
      Rerank rerank,
      List<List<Hit>> groups,
      boolean titles,
      MemoryBudget.Account memory)
      throws SQLException {
    long start = System.nanoTime();
    List<List<Hit>> candidates = groups.stream().limit(limit(request, rerank)).toList();
    List<Hit> found = candidates.stream().flatMap(Collection::stream).toList();
    Duration timeout = timeout(rerank);
    var scores = new ArrayList<Double>();
    String because = null;
    try {
      score(request, found, titles, start + timeout.toNanos(), scores, memory);
    } catch (RerankException e) {
      because = e.getMessage();
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    if (rerank.timeout() == null) {
      // A client's own time limit says nothing about the model.
      logChange(because);
    }
    TIMES
        .withTag("outcome", because == null ? "all" : scores.isEmpty() ? "none" : "some")
        .record(took);
    return new Result(
        ordered(candidates, scores),
        new Reranked(
            model().name(),
            scores.size(),
            found.size(),
            Math.round(took.toNanos() / 1e3) / 1e3,
            because));
  }

  private RerankModel model() {
    return Objects.requireNonNull(model);
  }

  private Duration timeout(Rerank rerank) {
    Integer requested = rerank.timeout();
    return requested == null ? config.timeout() : Duration.ofMillis(requested);
  }

  /// Adds the scores of the first hits, as many as are known in time.
  private void score(
      SearchRequest request,
      List<Hit> hits,
      boolean titles,
      long deadline,
      List<Double> scores,
      MemoryBudget.Account memory)
      throws RerankException, SQLException {
    int maxBytes = Math.toIntExact(config.maxText().asLongValue());
    String query = cut(Objects.requireNonNull(request.text()), maxBytes);
    while (scores.size() < hits.size()) {
      Cancellation.check();
      List<String> texts =
          hits.stream()
              .skip(scores.size())
              .limit(config.batchSize())
              .map(hit -> cut(text(hit, titles), maxBytes))
              .toList();
      long bytes =
          Stream.concat(Stream.of(query), texts.stream())
              .mapToLong(text -> text.getBytes(StandardCharsets.UTF_8).length)
              .sum();
      MemoryBudget.Reservation reserved = memory.reserve(model().memory(bytes));
      try {
        score(query, texts, deadline, scores);
      } finally {
        reserved.shrink(0);
      }
    }
  }

  private void score(String query, List<String> texts, long deadline, List<Double> scores)
      throws RerankException {
    acquire(deadline);
    try {
      Duration left = Duration.ofNanos(deadline - System.nanoTime());
      if (!left.isPositive()) {
        throw new RerankException("The time for reranking is over.");
      }
      spans.reranking(
          model().name(),
          texts.size(),
          () -> {
            model().score(query, texts, left, scores::add);
            return scores;
          });
    } finally {
      requests.release();
    }
  }

  private void acquire(long deadline) throws RerankException {
    try {
      if (!requests.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        throw new RerankException("Too many searches are being reranked, or the time is over.");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new RerankException("The service is stopping.");
    }
  }

  private static String text(Hit hit, boolean titles) {
    String text = Objects.requireNonNullElse(hit.text(), "");
    return titles && hit.title() != null ? hit.title() + "\n\n" + text : text;
  }

  /// The beginning of a text that has at most `maxBytes` bytes.
  private static String cut(String text, int maxBytes) {
    int end = 0;
    for (int bytes = 0; end < text.length(); ) {
      int character = text.codePointAt(end);
      bytes += Character.toString(character).getBytes(StandardCharsets.UTF_8).length;
      if (bytes > maxBytes) {
        break;
      }
      end += Character.charCount(character);
    }
    return text.substring(0, end);
  }

  /// The groups in the order of the scores. The best hit of a group gives it its place. Sorting is
  /// stable, so equal ones keep their order.
  private static List<List<Hit>> ordered(List<List<Hit>> groups, List<Double> scores) {
    Comparator<Hit> bestFirst =
        Comparator.comparing(Hit::rerankScore, Comparator.nullsLast(Comparator.reverseOrder()));
    var score = scores.iterator();
    var ordered = new ArrayList<List<Hit>>();
    for (List<Hit> group : groups) {
      var scored = new ArrayList<Hit>();
      for (Hit hit : group) {
        scored.add(hit.reranked(score.hasNext() ? score.next() : null));
      }
      scored.sort(bestFirst);
      ordered.add(scored);
    }
    ordered.sort(Comparator.comparing(List::getFirst, bestFirst));
    return ordered;
  }

  private void logChange(@Nullable String because) {
    if (because == null) {
      if (failing.compareAndSet(true, false)) {
        LOG.infof("Reranking works again: model=%s", model().name());
      }
    } else if (failing.compareAndSet(false, true)) {
      LOG.warnf(
          "Reranking fails, so hits keep the order of their search: model=%s failure=%s",
          model().name(), because);
    }
  }
}
