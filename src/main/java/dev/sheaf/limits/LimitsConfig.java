package dev.sheaf.limits;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.OptionalInt;

/// How much may go on at once in one replica. Together with what works in the background it has to
/// fit into the pool, `quarkus.datasource.jdbc.max-size`: a search takes one connection, a write
/// one, an upload two.
@ConfigMapping(prefix = "sheaf.limits")
public interface LimitsConfig {

  /// Searches at once; each query of a batch is one.
  @WithDefault("16")
  int searches();

  /// Documents put, changed or deleted at once.
  @WithDefault("8")
  int writes();

  /// Uploads at once, those that are stored to be loaded later included.
  @WithDefault("4")
  int uploads();

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
