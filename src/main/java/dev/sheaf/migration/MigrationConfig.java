package dev.sheaf.migration;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// How the schema is brought to head and how carefully. Every command reads it too.
@ConfigMapping(prefix = "sheaf.schema")
public interface MigrationConfig {

  /// What the service does about the schema when it starts.
  @WithDefault("migrate")
  AtStart atStart();

  /// A direct address for migrations, where the service itself goes through a transaction pooler
  /// (pgbouncer), behind which a session's lock does not hold. Absent: the datasource's own.
  Optional<String> jdbcUrl();

  /// A server on which a database may be created and dropped again (`verify`, `baseline`, `prove`),
  /// as a URL with its credentials. Absent: the server that is looked at.
  Optional<String> scratchUrl();

  /// A directory of changelogs to use instead of those in the artifact; one directory per module in
  /// it.
  Optional<Path> root();

  /// How long a start or a command waits for another that migrates the same database.
  @WithDefault("10m")
  Duration lockWait();

  /// How often it looks whether the other is done.
  @WithDefault("100ms")
  Duration lockPoll();

  /// How long one attempt of a changeset waits for a lock on a table. Everybody who wants that
  /// table afterwards queues behind it for as long, hence short; `--lock-timeout` in the file
  /// overrides it.
  @WithDefault("3s")
  Duration lockTimeout();

  /// How long one statement of a transactional changeset may run; 0 is forever.
  /// `--statement-timeout` in the file overrides it.
  @WithDefault("5m")
  Duration statementTimeout();

  /// How often a changeset is tried again after it could not get a lock, or lost to a deadlock.
  @WithDefault("10")
  int retries();

  /// The pause before the first such retry; it doubles with each up to [#backoffLimit], with
  /// jitter.
  @WithDefault("500ms")
  Duration backoff();

  /// The longest pause between two such retries.
  @WithDefault("15s")
  Duration backoffLimit();

  /// What to do with a changeset that arrives after higher-numbered ones of its module were
  /// applied, as it does when branches merge out of order. Reported either way.
  @WithDefault("apply")
  OutOfOrder outOfOrder();

  /// How old a verified backup may be, counted from its snapshot, for data to be destroyed in
  /// production.
  @WithDefault("24h")
  Duration backupMaxAge();

  /// How wide the vectors of the configured models are; `migrate check` reports columns and indexes
  /// of any other width. Absent: the width of the bundled model.
  @WithDefault("384")
  Set<Integer> vectorWidths();

  /// What the service does about the schema when it starts.
  enum AtStart {
    /// Applies what is pending, then serves.
    MIGRATE,
    /// Refuses to serve when something is pending.
    CHECK,
    /// Looks at nothing.
    OFF
  }

  /// What to do with a changeset that comes late.
  enum OutOfOrder {
    /// Applies it, and says so.
    APPLY,
    /// Stops before anything is changed.
    REFUSE
  }
}
