package dev.sheaf.migration.service;

import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.execute.ObjectTemplates;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/// Beans of the engine that features use.
class EngineBeans {

  @Produces
  @Singleton
  ObjectTemplates objectTemplates(MigrationConfig config) {
    return new ObjectTemplates(config.root().map(Changelogs::in).orElseGet(Changelogs::bundled));
  }
}
