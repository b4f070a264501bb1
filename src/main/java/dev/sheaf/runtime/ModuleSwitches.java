package dev.sheaf.runtime;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Tells whether a module is on, for endpoints that need its tables.
@ApplicationScoped
public class ModuleSwitches {

  private final ModulesConfig config;
  private final Optional<Path> root;

  /// @param root the directory of the changelogs; empty for those in the application
  public ModuleSwitches(
      ModulesConfig config, @ConfigProperty(name = "sheaf.schema.root") Optional<Path> root) {
    this.config = config;
    this.root = root;
  }

  public boolean isOn(String module) {
    ModulesConfig.Module setting = config.modules().get(module);
    boolean exists = root.isEmpty() || Files.isDirectory(root.get().resolve(module));
    return module.equals(ModulesConfig.CORE) || (exists && (setting == null || setting.enabled()));
  }

  /// Checks that `module` is on.
  ///
  /// @throws Problem `MODULE_OFF`, with the setting to change, if it is off
  public void require(String module) {
    if (!isOn(module)) {
      throw new Problem(
          ProblemType.MODULE_OFF,
          "The module "
              + module
              + " is off. Set "
              + ModulesConfig.switchOf(module)
              + "=true to turn it on.");
    }
  }
}
