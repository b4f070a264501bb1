package dev.sheaf.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.runtime.Backoff;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Sends uploads to a collection, one request for each.
///
/// A request that gets no answer is sent again with the same idempotency key, so that what was
/// stored or loaded already, though nobody heard of it, is not loaded twice.
public final class Import {

  private static final int ATTEMPTS = 6;
  private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1));
  private static final Duration POLL_EVERY = Duration.ofSeconds(1);
  private static final Set<String> ENDS = Set.of("completed", "failed", "cancelled");

  private final Service service;
  private final String collection;
  private final boolean async;
  private final String key;
  private final TransferListener listener;

  /// @param async whether the service stores an upload first, and loads it in a job
  /// @param key of an earlier run that is repeated; `null` for a new one
  /// @throws OperatorException when there is no such collection, or nobody listens
  public Import(
      Service service,
      String collection,
      boolean async,
      @Nullable String key,
      TransferListener listener) {
    this.service = service;
    this.collection = collection;
    this.async = async;
    this.key = key == null ? UUID.randomUUID().toString() : key;
    this.listener = listener;
    // An upload that is refused is sent for nothing, and may be long.
    service.first("/collections/%s", collection);
  }

  /// Sends one and waits until it is loaded.
  ///
  /// @throws OperatorException when it could not be sent, or its job failed
  public ImportResult run(Upload upload) {
    JsonNode answer = again(upload.name(), upload.isRepeatable(), () -> send(upload));
    if (!async) {
      return result(upload, null, answer, answer.path("errors"));
    }
    long job = answer.path("id").asLong();
    listener.stored(upload.name(), job);
    JsonNode end = follow(upload, job);
    if (!end.path("state").asText().equals("completed")) {
      throw new OperatorException(
          "%s: job %s was %s: %s"
              .formatted(
                  upload.name(),
                  job,
                  end.path("state").asText(),
                  end.path("error").asText("somebody asked for its end")),
          "what was loaded stays; what was not can be sent again");
    }
    return result(
        upload, job, end, again(upload.name(), true, () -> service.get("/jobs/%s/errors", job)));
  }

  private JsonNode send(Upload upload) throws IOException {
    HttpRequest.Builder request =
        service
            .request("/collections/%s/documents", collection)
            .header("Content-Type", "application/x-ndjson")
            .header("Idempotency-Key", keyOf(upload))
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> open(upload)));
    if (upload.isCompressed()) {
      request.header("Content-Encoding", "gzip");
    }
    if (async) {
      request.header("Prefer", "respond-async");
    }
    try (Service.Answer answer = service.send(request.build())) {
      return answer.jsonOrLater();
    }
  }

  private InputStream open(Upload upload) {
    try {
      return upload.open(read -> listener.progress(upload.name(), "sent", read, upload.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// One for each file of a run; of what a header may hold.
  private String keyOf(Upload upload) {
    return key + ":" + UUID.nameUUIDFromBytes(upload.name().getBytes(StandardCharsets.UTF_8));
  }

  private JsonNode follow(Upload upload, long id) {
    while (true) {
      JsonNode job = again(upload.name(), true, () -> service.get("/jobs/%s", id));
      listener.progress(
          upload.name(), "loaded", job.path("bytesDone").asLong(), job.path("bytes").asLong());
      if (ENDS.contains(job.path("state").asText())) {
        return job;
      }
      pause(POLL_EVERY);
    }
  }

  private interface Attempt {
    JsonNode make() throws IOException;
  }

  private JsonNode again(String name, boolean repeatable, Attempt attempt) {
    for (int made = 1; ; made++) {
      try {
        return attempt.make();
      } catch (IOException | UncheckedIOException e) {
        if (!repeatable || made == ATTEMPTS) {
          throw new OperatorException(
              name + " was not sent to its end: " + reason(e),
              "to go on, and load nothing twice: the same command with --idempotency-key " + key,
              e);
        }
        Duration pause = BACKOFF.pause(made);
        listener.retrying(name, reason(e), pause);
        pause(pause);
      }
    }
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? "nobody answers" : e.getMessage();
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new InterruptedIOException());
    }
  }

  private static ImportResult result(
      Upload upload, @Nullable Long job, JsonNode counts, JsonNode errors) {
    List<Refusal> refusals = new ArrayList<>(upload.unread());
    for (JsonNode error : errors) {
      refusals.add(
          new Refusal(
              upload.place(error.path("line").asLong()),
              error.path("id").textValue(),
              error.path("detail").asText()));
    }
    int unread = upload.unread().size();
    return new ImportResult(
        upload.name(),
        job,
        counts.path("read").asLong() + unread,
        counts.path("created").asLong(),
        counts.path("updated").asLong(),
        counts.path("unchanged").asLong(),
        counts.path("replaced").asLong(),
        counts.path("failed").asLong() + unread,
        List.copyOf(refusals));
  }
}
