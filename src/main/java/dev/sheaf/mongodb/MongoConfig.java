package dev.sheaf.mongodb;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Where MongoDB is. Without a URL there is none, and nothing else here matters.
@ConfigMapping(prefix = "sheaf.mongodb")
public interface MongoConfig {

  /// `mongodb://user:password@host:port/database?...` or `mongodb+srv://...`.
  Optional<String> url();

  /// The database whose collections these are. Absent: the one in the URL, which may also be there
  /// only for logging in.
  Optional<String> database();

  /// A directory with `<module>/indexes.json` in it. Absent: `mongodb` beside the directory of
  /// changelogs if one is given, otherwise `db/mongodb` in the artifact.
  Optional<Path> root();

  /// How long a command looks for a server that takes writes, and for a connection to it;
  /// `serverSelectionTimeoutMS` and `connectTimeoutMS` in the URL override it. An index may then
  /// build for as long as it takes.
  @WithDefault("5s")
  Duration timeout();
}
