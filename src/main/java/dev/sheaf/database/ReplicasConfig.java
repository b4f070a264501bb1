package dev.sheaf.database;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Settings of the standbys that answer searches and other reads.
@ConfigMapping(prefix = "sheaf.replicas")
interface ReplicasConfig {

  /// Their address, in the form of `DATABASE_URL`, with several hosts or one name that leads to
  /// all. Role, password and database are those of the primary if it has none.
  Optional<String> url();

  /// How long a read waits for a standby that has not replayed the position in `Sheaf-After`. Then
  /// the primary answers.
  @WithDefault("20ms")
  @WithName("wait")
  Duration patience();

  /// What standbys answer; the primary answers everything else.
  @WithDefault("search")
  Set<Replicas.Reads> reads();
}
