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
/// A request without a response is retried with the same idempotency key, so that nothing is loaded
/// twice if the service has already stored or loaded the upload.
public final class Import {

  private static final int MAX_ATTEMPTS = 6;
  private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1));
  private static final Duration POLL_EVERY = Duration.ofSeconds(1);
  private static final Set<String> FINAL_STATES = Set.of("completed", "failed", "cancelled");

  private final SheafClient client;
  private final String collection;
  private final boolean async;
  private final String key;
  private final TransferListener listener;

  /// @param async whether the service stores an upload first, and loads it in a job
  /// @param key idempotency key of an earlier run to resume; `null` for a new run
  /// @throws OperatorException if there is no such collection, or the service cannot be reached
  public Import(
      SheafClient client,
      String collection,
      boolean async,
      @Nullable String key,
      TransferListener listener) {
    this.client = client;
    this.collection = collection;
    this.async = async;
    this.key = key == null ? UUID.randomUUID().toString() : key;
    this.listener = listener;
    // Fails before a long upload is sent.
    client.first("/collections/%s", collection);
  }

  /// Sends an upload, and waits until it is loaded.
  ///
  /// @throws OperatorException if it could not be sent, or its job failed
  public ImportResult run(Upload upload) {
    JsonNode answer = retry(upload.name(), upload.isRepeatable(), () -> send(upload));
    if (!async) {
      return result(upload, null, answer, answer.path("errors"));
    }
    long jobId = answer.path("id").asLong();
    listener.stored(upload.name(), jobId);
    JsonNode finished = follow(upload, jobId);
    if (!finished.path("state").asText().equals("completed")) {
      throw new OperatorException(
          "%s: job %s was %s: %s"
              .formatted(
                  upload.name(),
                  jobId,
                  finished.path("state").asText(),
                  finished.path("error").asText("a client cancelled it")),
          "documents that are already loaded stay; run the command again to load the others");
    }
    return result(
        upload,
        jobId,
        finished,
        retry(upload.name(), true, () -> client.get("/jobs/%s/errors", jobId)));
  }

  private JsonNode send(Upload upload) throws IOException {
    HttpRequest.Builder request =
        client
            .request("/collections/%s/documents", collection)
            .header("Content-Type", "application/x-ndjson")
            .header("Idempotency-Key", idempotencyKey(upload))
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> open(upload)));
    if (upload.isCompressed()) {
      request.header("Content-Encoding", "gzip");
    }
    if (async) {
      request.header("Prefer", "respond-async");
    }
    try (SheafClient.Response response = client.send(request.build())) {
      return response.jsonOrRetryable();
    }
  }

  private InputStream open(Upload upload) {
    try {
      return upload.open(read -> listener.progress(upload.name(), "sent", read, upload.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A key for each file of a run, with only the characters that a header may contain.
  private String idempotencyKey(Upload upload) {
    return key + ":" + UUID.nameUUIDFromBytes(upload.name().getBytes(StandardCharsets.UTF_8));
  }

  private JsonNode follow(Upload upload, long id) {
    while (true) {
      JsonNode job = retry(upload.name(), true, () -> client.get("/jobs/%s", id));
      listener.progress(
          upload.name(), "loaded", job.path("bytesDone").asLong(), job.path("bytes").asLong());
      if (FINAL_STATES.contains(job.path("state").asText())) {
        return job;
      }
      pause(POLL_EVERY);
    }
  }

  private interface Attempt {
    JsonNode make() throws IOException;
  }

  private JsonNode retry(String name, boolean repeatable, Attempt attempt) {
    for (int attempts = 1; ; attempts++) {
      try {
        return attempt.make();
      } catch (IOException | UncheckedIOException e) {
        if (!repeatable || attempts == MAX_ATTEMPTS) {
          throw new OperatorException(
              name + " was not sent completely: " + reason(e),
              "to resume without loading anything twice, run the same command with --idempotency-key "
                  + key,
              e);
        }
        Duration pause = BACKOFF.pause(attempts);
        listener.retrying(name, reason(e), pause);
        pause(pause);
      }
    }
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? "no response" : e.getMessage();
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
    List<RejectedDocument> rejected = new ArrayList<>(upload.rejected());
    for (JsonNode error : errors) {
      rejected.add(
          new RejectedDocument(
              upload.location(error.path("line").asLong()),
              error.path("id").textValue(),
              error.path("detail").asText()));
    }
    int rejectedCount = upload.rejected().size();
    return new ImportResult(
        upload.name(),
        job,
        counts.path("read").asLong() + rejectedCount,
        counts.path("created").asLong(),
        counts.path("updated").asLong(),
        counts.path("unchanged").asLong(),
        counts.path("replaced").asLong(),
        counts.path("failed").asLong() + rejectedCount,
        List.copyOf(rejected));
  }
}
