package dev.sheaf.limits;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.OptionalInt;

/// How much may go on at once in one replica. What is absent is a share of the pool,
/// `quarkus.datasource.jdbc.max-size`: see [WorkKind].
@ConfigMapping(prefix = "sheaf.limits")
public interface LimitsConfig {

  /// Searches at once; each query of a batch is one.
  OptionalInt searches();

  /// Documents put, changed or deleted at once.
  OptionalInt writes();

  /// Documents, or pages of them, read at once.
  OptionalInt reads();

  /// Collections read as a whole at once.
  OptionalInt exports();

  /// Uploads at once, those that are stored to be loaded later included.
  OptionalInt uploads();

  /// How long one more waits for its turn before it is refused.
  @WithDefault("2s")
  Duration queueFor();

  /// How many of a kind wait at the most; any more are refused at once.
  @WithDefault("200")
  int queue();

  /// Requests per second of one caller: an API key, a token's subject, or, where nobody has to say
  /// who they are, an address. Absent: as many as they like.
  OptionalInt requestsPerSecond();

  /// Requests that a caller may save up while it makes none, in seconds' worth of them.
  @WithDefault("5")
  int burstSeconds();
}
