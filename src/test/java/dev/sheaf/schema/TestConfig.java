package dev.sheaf.schema;

import dev.sheaf.testing.TestDatabase;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// Settings for tests, read the way the service reads its own.
final class TestConfig {

  private TestConfig() {}

  static SchemaConfig schema(String... keysAndValues) {
    return config(keysAndValues).getConfigMapping(SchemaConfig.class);
  }

  static ModulesConfig modules(String... keysAndValues) {
    return config(keysAndValues).getConfigMapping(ModulesConfig.class);
  }

  /// The bundled changelogs, every module of them.
  static Migrations migrations(TestDatabase database, String... keysAndValues) {
    Changelogs changelogs = Changelogs.bundled();
    return new Migrations(
        database.address(),
        schema(keysAndValues),
        changelogs,
        Modules.everything(changelogs),
        false);
  }

  /// The changelogs in a directory, every module of them.
  static Migrations migrations(TestDatabase database, Path root, String... keysAndValues) {
    Changelogs changelogs = Changelogs.in(root);
    return new Migrations(
        database.address(),
        schema(keysAndValues),
        changelogs,
        Modules.everything(changelogs),
        false);
  }

  private static SmallRyeConfig config(String... keysAndValues) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      values.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return new SmallRyeConfigBuilder()
        .addDiscoveredConverters()
        .withMapping(SchemaConfig.class)
        .withMapping(ModulesConfig.class)
        .withDefaultValues(values)
        .build();
  }
}
