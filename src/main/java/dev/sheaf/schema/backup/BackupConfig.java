package dev.sheaf.schema.backup;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// What a backup has to be to count.
@ConfigMapping(prefix = "sheaf.backup")
public interface BackupConfig {

  /// How old a verified backup may be, counted from its snapshot, for a changeset that destroys
  /// data to be applied in production.
  @WithDefault("24h")
  Duration maxAge();
}
