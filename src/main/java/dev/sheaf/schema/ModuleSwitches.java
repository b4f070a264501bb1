package dev.sheaf.schema;

import dev.sheaf.api.Problem;
import dev.sheaf.api.ProblemType;
import jakarta.enterprise.context.ApplicationScoped;

/// Whether a module is on, for the endpoints that live on its tables.
@ApplicationScoped
public class ModuleSwitches {

  private final ModulesConfig config;

  public ModuleSwitches(ModulesConfig config) {
    this.config = config;
  }

  public boolean isOn(String module) {
    ModulesConfig.Module setting = config.modules().get(module);
    return module.equals(Modules.CORE) || (setting != null && setting.enabled());
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
