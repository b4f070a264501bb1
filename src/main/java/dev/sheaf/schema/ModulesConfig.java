package dev.sheaf.schema;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.util.Map;

/// Which modules are on: `sheaf.modules.<name>.enabled`. `core` always is.
@ConfigMapping(prefix = "sheaf.modules")
public interface ModulesConfig {

  @WithParentName
  Map<String, Module> modules();

  /// One module's switch.
  interface Module {
    @WithDefault("false")
    boolean enabled();
  }
}
