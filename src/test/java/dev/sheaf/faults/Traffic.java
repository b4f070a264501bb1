package dev.sheaf.faults;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Clients that write and search at a limited rate, and check every response against the
/// acknowledged writes. Document `n` has a unique word and a unique vector, so the result of each
/// search is known.
final class Traffic implements AutoCloseable {

  /// The kinds of requests, each with the delay between two requests in milliseconds.
  enum Kind {
    PUT(40),
    UPLOAD(500),
    JOB(500),
    GET(50),
    VECTOR(20),
    FULLTEXT(20),
    HYBRID(40),
    FILTER(20);

    private final int rest;

    Kind(int rest) {
      this.rest = rest;
    }
  }

  /// How a request failed.
  enum Sort {
    /// With 503 and `Retry-After`, as a problem.
    REFUSED,
    /// Its connection was closed.
    BROKEN
  }

  /// @param begun by [System#nanoTime]
  /// @param ended by [System#nanoTime]
  record Failure(Kind kind, Sort sort, long begun, long ended, String what) {}

  /// An upload that is loaded in the background.
  ///
  /// @param first the number of its first document
  private record Job(long id, int first) {}

  /// A revision of a document.
  private record Put(int number, int revision) {}

  private static final String DOCUMENTS = "/api/v1/collections/soak/documents";
  private static final int DIMENSIONS = 8;
  private static final int LINES = 20;

  /// The timeout of a response.
  private static final Duration AT_MOST = Duration.ofSeconds(60);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI base;
  private final String key;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ScheduledExecutorService clients =
      Executors.newScheduledThreadPool(Kind.values().length);

  /// The revision of each document that was acknowledged, unless it is being replaced.
  private final ConcurrentMap<Integer, Integer> stored = new ConcurrentHashMap<>();

  private final AtomicInteger next = new AtomicInteger();
  private Put put = new Put(next.getAndIncrement(), 0);
  private final Queue<Job> jobs = new ConcurrentLinkedQueue<>();

  private final Queue<Failure> failures = new ConcurrentLinkedQueue<>();
  private final BlockingQueue<String> wrong = new LinkedBlockingQueue<>();
  private final Map<Kind, AtomicInteger> answered = new EnumMap<>(Kind.class);

  /// When the last successful request of each kind was sent.
  private final Map<Kind, AtomicLong> good = new EnumMap<>(Kind.class);

  /// @param key the API key of an admin
  Traffic(URI base, String key) {
    this.base = base;
    this.key = key;
    for (Kind kind : Kind.values()) {
      answered.put(kind, new AtomicInteger());
      good.put(kind, new AtomicLong(System.nanoTime()));
    }
  }

  /// Creates the collection, and starts all kinds of requests.
  void begin() {
    String collection = "{\"name\":\"soak\",\"model\":\"none\",\"dimensions\":" + DIMENSIONS + "}";
    ask(
        Kind.PUT,
        to("/api/v1/collections").POST(BodyPublishers.ofString(collection)),
        answer -> answer.path("name").asText().equals("soak"));
    for (Kind kind : Kind.values()) {
      var _ = clients.scheduleWithFixedDelay(() -> once(kind), 0, kind.rest, TimeUnit.MILLISECONDS);
    }
  }

  /// Runs until `time` is over or an error occurs.
  void goOn(Duration time) throws InterruptedException {
    String first = wrong.poll(time.toMillis(), TimeUnit.MILLISECONDS);
    if (first != null) {
      wrong.add(first);
    }
  }

  /// Whether a request of each kind that was sent after `since` succeeded.
  boolean isWellSince(long since) {
    return good.values().stream().allMatch(last -> last.get() - since > 0);
  }

  /// Stops after the running requests have completed.
  void end() throws InterruptedException {
    clients.shutdown();
    if (!clients.awaitTermination(AT_MOST.toSeconds(), TimeUnit.SECONDS)) {
      wrong.add("requests that are never answered");
    }
  }

  /// Wrong responses, which must never occur.
  List<String> wrong() {
    return List.copyOf(wrong);
  }

  /// Failed requests, which may occur during a fault.
  List<Failure> failures() {
    return List.copyOf(failures);
  }

  /// The number of successful requests of each kind.
  Map<Kind, AtomicInteger> answered() {
    return answered;
  }

  /// The number of documents that must exist.
  int acknowledged() {
    return stored.size();
  }

  /// The metrics of the service, as Prometheus reads them.
  String metrics() throws IOException, InterruptedException {
    return http.send(to("/q/metrics").GET().build(), BodyHandlers.ofString()).body();
  }

  /// All documents, as an export.
  HttpResponse<String> export() throws IOException, InterruptedException {
    return http.send(
        to(DOCUMENTS).setHeader("Accept", "application/x-ndjson").GET().build(),
        BodyHandlers.ofString());
  }

  private void once(Kind kind) {
    try {
      switch (kind) {
        case PUT -> put();
        case UPLOAD -> upload();
        case JOB -> store();
        case GET, VECTOR, FULLTEXT, HYBRID, FILTER -> look(kind, anyNumber());
      }
    } catch (RuntimeException e) {
      wrong.add(kind + ": " + e);
    }
  }

  private int anyNumber() {
    return ThreadLocalRandom.current().nextInt(next.get());
  }

  /// Repeats a write until it is acknowledged, then writes a new document or replaces a stored one.
  private void put() {
    stored.remove(put.number());
    HttpRequest.Builder request =
        to(DOCUMENTS + "/d" + put.number()).PUT(body(content(put.number(), put.revision())));
    ask(Kind.PUT, request, answer -> answer.path("chunks").asInt() == 1)
        .ifPresent(_ -> {
          stored.put(put.number(), put.revision());
          int number = anyNumber();
          Integer revision = stored.get(number);
          put =
              revision == null || ThreadLocalRandom.current().nextBoolean()
                  ? new Put(next.getAndIncrement(), 0)
                  : new Put(number, revision + 1);
        });
  }

  private void upload() {
    int first = next.getAndAdd(LINES);
    ask(Kind.UPLOAD, lines(first), Traffic::isAllCreated).ifPresent(_ -> acknowledge(first));
  }

  private void store() {
    areJobsDone();
    int first = next.getAndAdd(LINES);
    ask(
            Kind.JOB,
            lines(first).header("Prefer", "respond-async"),
            answer -> answer.path("id").asLong() > 0)
        .ifPresent(job -> jobs.add(new Job(job.path("id").asLong(), first)));
  }

  private static boolean isAllCreated(JsonNode counts) {
    return counts.path("read").asInt() == LINES && counts.path("created").asInt() == LINES;
  }

  private void acknowledge(int first) {
    IntStream.range(first, first + LINES).forEach(number -> stored.put(number, 0));
  }

  /// Whether all jobs have ended. Each must have loaded every line once.
  boolean areJobsDone() {
    jobs.removeIf(this::isDone);
    return jobs.isEmpty();
  }

  private boolean isDone(Job job) {
    JsonNode found = ask(Kind.JOB, to("/api/v1/jobs/" + job.id()).GET(), _ -> true).orElse(null);
    if (found == null || List.of("queued", "running").contains(found.path("state").asText())) {
      return false;
    }
    if (found.path("state").asText().equals("completed") && isAllCreated(found)) {
      acknowledge(job.first());
    } else {
      wrong.add("job: " + found);
    }
    return true;
  }

  /// Reads and searches for all acknowledged documents.
  void verify() {
    stored.keySet().parallelStream()
        .forEach(number -> {
          look(Kind.GET, number);
          look(Kind.FULLTEXT, number);
        });
  }

  /// Searches for a document if it was acknowledged.
  void look(Kind kind, int number) {
    Integer revision = stored.get(number);
    if (revision == null) {
      return;
    }
    String word = "\"text\":\"w" + number + "\"";
    String vector = "\"vector\":" + vector(number);
    HttpRequest.Builder request =
        switch (kind) {
          case GET -> to(DOCUMENTS + "/d" + number).GET();
          case VECTOR -> search(vector + ",\"exact\":true,\"limit\":1");
          case FULLTEXT -> search(word + ",\"mode\":\"fulltext\"");
          case HYBRID ->
              search(word + "," + vector + ",\"mode\":\"hybrid\",\"exact\":true,\"limit\":1");
          case FILTER -> search(vector + ",\"filter\":{\"n\":" + number + "}");
          case PUT, UPLOAD, JOB -> throw new IllegalArgumentException(kind + " looks for nothing");
        };
    // A document that is being replaced cannot be checked.
    ask(
        kind,
        request,
        answer -> isRight(kind, answer, number, revision) || !revision.equals(stored.get(number)));
  }

  private static HttpRequest.BodyPublisher body(String fields) {
    return BodyPublishers.ofString("{" + fields + "}");
  }

  private HttpRequest.Builder search(String fields) {
    return to("/api/v1/collections/soak/search").POST(body(fields));
  }

  /// The response must be exact. A search must return the document and no other.
  private static boolean isRight(Kind kind, JsonNode answer, int number, int revision) {
    boolean read = kind == Kind.GET;
    JsonNode found = read ? answer : answer.at("/hits/0");
    return (read || answer.path("hits").size() == 1)
        && found.path(read ? "id" : "document").asText().equals("d" + number)
        && found.path("title").asText().equals("Document " + number)
        && found.path("text").asText().equals(text(number, revision))
        && found.path("metadata").toString().equals("{\"n\":" + number + "}");
  }

  /// @return the response, if the request succeeded
  private Optional<JsonNode> ask(
      Kind kind, HttpRequest.Builder request, Predicate<JsonNode> isRight) {
    long begun = System.nanoTime();
    try {
      HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
      if (answer.statusCode() < 300) {
        JsonNode json = JSON.readTree(answer.body());
        if (!isRight.test(json)) {
          wrong.add(kind + ": " + answer.body());
          return Optional.empty();
        }
        answered.get(kind).incrementAndGet();
        good.get(kind).set(begun);
        return Optional.of(json);
      }
      if (isRefusal(answer)) {
        fail(kind, Sort.REFUSED, begun, answer.body());
      } else {
        wrong.add(kind + ": " + answer + answer.headers() + answer.body());
      }
    } catch (HttpTimeoutException e) {
      wrong.add(kind + ": no answer");
    } catch (JacksonException e) {
      wrong.add(kind + ": " + e);
    } catch (IOException e) {
      fail(kind, Sort.BROKEN, begun, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private static boolean isRefusal(HttpResponse<String> answer) {
    return answer.statusCode() == 503
        && answer.headers().firstValue("Retry-After").filter("1"::equals).isPresent()
        && answer
            .headers()
            .firstValue("Content-Type")
            .filter(type -> type.startsWith("application/problem+json"))
            .isPresent();
  }

  private void fail(Kind kind, Sort sort, long begun, String what) {
    failures.add(new Failure(kind, sort, begun, System.nanoTime(), what));
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(base.resolve(path))
        .timeout(AT_MOST)
        .header("Authorization", "Bearer " + key)
        .header("Content-Type", "application/json");
  }

  private HttpRequest.Builder lines(int first) {
    String lines =
        IntStream.range(first, first + LINES)
            .mapToObj(number -> "{\"id\":\"d%s\",%s}\n".formatted(number, content(number, 0)))
            .collect(Collectors.joining());
    return to(DOCUMENTS)
        .setHeader("Content-Type", "application/x-ndjson")
        .POST(BodyPublishers.ofString(lines));
  }

  private static String content(int number, int revision) {
    return "\"title\":\"Document %1$s\",\"metadata\":{\"n\":%1$s},\"chunks\":[{\"text\":\"%2$s\",\"vector\":%3$s}]"
        .formatted(number, text(number, revision), vector(number));
  }

  private static String text(int number, int revision) {
    return "w" + number + " in its revision r" + revision;
  }

  private static String vector(int number) {
    var random = new Random(number);
    return IntStream.range(0, DIMENSIONS)
        .mapToObj(_ -> String.valueOf((float) random.nextGaussian()))
        .toList()
        .toString();
  }

  @Override
  public void close() {
    clients.shutdownNow();
    http.shutdownNow();
  }
}
