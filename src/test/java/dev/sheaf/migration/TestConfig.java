package dev.sheaf.migration;

import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.testing.TestDatabase;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// Settings for tests, read as the service reads its settings.
public final class TestConfig {

  private TestConfig() {}

  public static MigrationConfig schema(String... keysAndValues) {
    return config(keysAndValues).getConfigMapping(MigrationConfig.class);
  }

  public static ModulesConfig modules(String... keysAndValues) {
    return config(keysAndValues).getConfigMapping(ModulesConfig.class);
  }

  /// The bundled changelogs with all modules.
  public static Migrations migrations(TestDatabase database, String... keysAndValues) {
    Changelogs changelogs = Changelogs.bundled();
    return new Migrations(
        database.address(),
        schema(keysAndValues),
        changelogs,
        Modules.everything(changelogs),
        false);
  }

  /// The changelogs of a directory with all modules.
  public static Migrations migrations(TestDatabase database, Path root, String... keysAndValues) {
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
        .withMapping(MigrationConfig.class)
        .withMapping(ModulesConfig.class)
        .withDefaultValues(values)
        .build();
  }
}
