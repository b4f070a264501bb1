package dev.sheaf.runtime;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.util.Map;

/// Which modules are on: each that there are changelogs of, unless `sheaf.modules.<name>.enabled`
/// says otherwise. `core` always is.
@ConfigMapping(prefix = "sheaf.modules")
public interface ModulesConfig {

  /// The module that every database begins with; it is always on.
  String CORE = "core";

  @WithParentName
  Map<String, Module> modules();

  /// One module's switch.
  interface Module {
    @WithDefault("true")
    boolean enabled();
  }

  /// The setting that switches `module` on or off.
  static String switchOf(String module) {
    return "sheaf.modules." + module + ".enabled";
  }
}
