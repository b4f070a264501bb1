package dev.sheaf.mongodb;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Settings of MongoDB. Without a URL, MongoDB is not used.
@ConfigMapping(prefix = "sheaf.mongodb")
public interface MongoConfig {

  /// `mongodb://user:password@host:port/database?...` or `mongodb+srv://...`.
  Optional<String> url();

  /// The database. Default: the one in the URL.
  Optional<String> database();

  /// A directory that contains `<module>/indexes.json`. Default: `mongodb` beside the directory of
  /// changelogs if one is given, otherwise `db/mongodb` in the application.
  Optional<Path> root();

  /// The timeout for finding a writable server and for connecting to it. `serverSelectionTimeoutMS`
  /// and `connectTimeoutMS` in the URL override it. Index builds have no timeout.
  @WithDefault("5s")
  Duration timeout();
}
