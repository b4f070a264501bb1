package dev.sheaf.migration;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// How the schema is migrated, by the service and by commands.
@ConfigMapping(prefix = "sheaf.schema")
public interface MigrationConfig {

  /// What the service does about the schema when it starts.
  @WithDefault("migrate")
  AtStart atStart();

  /// A direct address for migrations, if the service connects through a transaction pooler such as
  /// pgbouncer, which does not support session locks. Default: the address of the datasource.
  Optional<String> jdbcUrl();

  /// The server to create scratch databases on (`verify`, `baseline`, `prove`), as a URL with
  /// credentials. Default: the server of the database itself.
  Optional<String> scratchUrl();

  /// A directory of changelogs to use instead of those in the artifact, with one directory per
  /// module.
  Optional<Path> root();

  /// How long a start or a command waits for another process that migrates the same database.
  @WithDefault("10m")
  Duration lockWait();

  /// How often a waiting process checks whether the other one is done.
  @WithDefault("100ms")
  Duration lockPoll();

  /// How long one attempt of a changeset waits for a table lock. It is short, because all later
  /// clients of the table queue behind the changeset. `--lock-timeout` in the file overrides it.
  @WithDefault("3s")
  Duration lockTimeout();

  /// How long one statement of a transactional changeset may run; 0 means no limit.
  /// `--statement-timeout` in the file overrides it.
  @WithDefault("5m")
  Duration statementTimeout();

  /// How often a changeset is retried after a lock timeout or a deadlock.
  @WithDefault("10")
  int retries();

  /// The pause before the first retry. It doubles with each retry up to [#backoffLimit], with
  /// jitter.
  @WithDefault("500ms")
  Duration backoff();

  /// The longest pause between two retries.
  @WithDefault("15s")
  Duration backoffLimit();

  /// What to do with a changeset that arrives after higher-numbered changesets of its module were
  /// applied, which happens when branches merge. It is reported in any case.
  @WithDefault("apply")
  OutOfOrder outOfOrder();

  /// The maximum age of the verified backup that production requires before data is destroyed. The
  /// age counts from the backup's snapshot.
  @WithDefault("24h")
  Duration backupMaxAge();

  /// Objects of others in the same database, which `verify` does not report as extra: texts such as
  /// `event trigger audit`, as `verify` reports them. `*` stands for any characters.
  Optional<List<String>> verifyIgnore();

  /// The numbers of dimensions of models, beside those of `sheaf.embedding.openai.NAME.dimensions`.
  /// `migrate check` reports columns and indexes with other dimensions. Default: the dimensions of
  /// the bundled model.
  @WithDefault("384")
  Set<Integer> vectorWidths();

  /// What the service does about the schema when it starts.
  enum AtStart {
    /// Applies what is pending, then serves.
    MIGRATE,
    /// Fails to start if something is pending.
    CHECK,
    /// Does not check the schema.
    OFF
  }

  /// What to do with a changeset that is out of order.
  enum OutOfOrder {
    /// Applies it and reports it.
    APPLY,
    /// Fails before anything is changed.
    REFUSE
  }
}
