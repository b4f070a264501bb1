package dev.sheaf.limits;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// How many operations may run concurrently in one replica. Each default is a share of the
/// connection pool, `quarkus.datasource.jdbc.max-size`: see [WorkKind].
@ConfigMapping(prefix = "sheaf.limits")
public interface LimitsConfig {

  /// Concurrent searches. Each query of a batch counts as one.
  OptionalInt searches();

  /// Concurrent requests that store, change or delete documents.
  OptionalInt writes();

  /// Concurrent requests that read a document or a page of documents.
  OptionalInt reads();

  /// Concurrent exports of collections.
  OptionalInt exports();

  /// Uploads that are written concurrently, including those that are stored for a background job.
  /// An upload that waits for its client does not count.
  OptionalInt uploads();

  /// Concurrent queries for API keys that the replica has not seen before, most of which are wrong
  /// if there are many.
  OptionalInt authentications();

  /// Groups of texts of embedding requests that the models embed concurrently.
  OptionalInt embeddings();

  /// The heap that requests may use together. Absent: 60% of the maximum heap.
  Optional<MemorySize> memory();

  /// How long a new connection may take until the headers of its first request are complete.
  @WithDefault("10s")
  Duration headerTimeout();

  /// How long a connection stays open between two requests.
  @WithDefault("75s")
  Duration keepAlive();

  /// The least bytes per second at which a client sends a body, and reads an answer. Also at which
  /// it reads an export whose transaction waits for it.
  @WithDefault("16K")
  MemorySize transferRate();

  /// How far a client may fall behind that rate before it is disconnected. Only the time counts in
  /// which Sheaf waits for the client.
  @WithDefault("30s")
  Duration transferGrace();

  /// The same for uploads, exports and event streams, which keep little while they wait, and whose
  /// clients may have other work between two documents.
  @WithDefault("32")
  MemorySize streamRate();

  @WithDefault("5m")
  Duration streamGrace();

  /// How long an operation waits for a permit or for memory before it is rejected.
  @WithDefault("2s")
  Duration queueFor();

  /// How many operations of a kind may wait. Further ones are rejected immediately.
  @WithDefault("200")
  int queue();

  /// How long a request deletes documents that match a filter.
  @WithDefault("5m")
  Duration deleteTime();

  /// The percentage of the permits for searches, writes and reads, and of those that wait, that one
  /// collection may hold. Otherwise a collection whose table is locked would hold all of them. For
  /// uploads and embedding requests, the percentage that one caller may hold.
  @WithDefault("75")
  int collectionShare();

  /// Whether a collection is rejected with which `pg_dump` would need more locks than the server
  /// has.
  @WithDefault("true")
  boolean backupLocks();

  /// Uploads that are being received.
  @WithDefault("50")
  int openUploads();

  /// Uploads that one caller may send concurrently.
  @WithDefault("10")
  int openUploadsPerCaller();

  /// Exports whose clients have not read all of them.
  @WithDefault("20")
  int openExports();

  /// Exports that one caller may read concurrently.
  @WithDefault("5")
  int openExportsPerCaller();

  /// The size of the temporary files in which all exports together keep what their clients have not
  /// read. 0: exports keep nothing. The default also fits if the directory is in the memory of a
  /// container.
  @WithDefault("32M")
  MemorySize exportSpool();

  /// Event streams of jobs that are open.
  @WithDefault("200")
  int eventStreams();

  /// Event streams of jobs that one caller may have open.
  @WithDefault("20")
  int eventStreamsPerCaller();

  /// Requests per second of one caller: an API key, a token's subject or, while access control is
  /// off, an address. Absent: unlimited.
  OptionalInt requestsPerSecond();

  /// The largest burst of an idle caller, in seconds: this many times `requests-per-second`.
  @WithDefault("5")
  int burstSeconds();
}
