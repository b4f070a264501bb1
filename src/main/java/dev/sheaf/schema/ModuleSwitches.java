package dev.sheaf.schema;

import dev.sheaf.api.Problem;
import dev.sheaf.api.ProblemType;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Whether a module is on, for the endpoints that live on its tables.
@ApplicationScoped
public class ModuleSwitches {

  private final ModulesConfig config;
  private final Optional<Path> root;

  public ModuleSwitches(ModulesConfig config, SchemaConfig schema) {
    this.config = config;
    this.root = schema.root();
  }

  public boolean isOn(String module) {
    ModulesConfig.Module setting = config.modules().get(module);
    boolean exists = root.isEmpty() || Files.isDirectory(root.get().resolve(module));
    return module.equals(Modules.CORE) || (exists && (setting == null || setting.enabled()));
  }

  /// Lets a request go on when `module` is on.
  ///
  /// @throws Problem `MODULE_OFF`, naming the switch, when it is not
  public void require(String module) {
    if (!isOn(module)) {
      throw new Problem(
          ProblemType.MODULE_OFF,
          "Module " + module + " is off; " + Modules.enabling(module) + "=true turns it on");
    }
  }
}
