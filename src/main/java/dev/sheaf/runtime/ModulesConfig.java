package dev.sheaf.runtime;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.util.Map;

/// Which modules are on. A module that has changelogs is on unless `sheaf.modules.<name>.enabled`
/// is `false`. `core` is always on.
@ConfigMapping(prefix = "sheaf.modules")
public interface ModulesConfig {

  /// The module that every database has.
  String CORE = "core";

  /// The module that distributes documents over a Citus cluster.
  String CITUS = "citus";

  @WithParentName
  Map<String, Module> modules();

  /// The settings of one module.
  interface Module {
    @WithDefault("true")
    boolean enabled();
  }

  /// The setting that switches `module` on or off.
  static String switchOf(String module) {
    return "sheaf.modules." + module + ".enabled";
  }
}
