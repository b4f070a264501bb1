package dev.sheaf.cli;

import dev.sheaf.migration.SchemaStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf migrate version`
@Command(
    name = "version",
    description = "Show the highest applied number of each module.",
    mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    Output output = common.output();
    List<SchemaStatus.Module> modules = common.migrations().status().modules();
    if (output.isJson()) {
      Map<String, Object> versions = new LinkedHashMap<>();
      modules.forEach(module -> versions.put(module.name(), json(module)));
      output.json(versions);
    } else {
      output.table(
          modules.stream()
              .map(module ->
                  Output.row(
                      module.name(),
                      module.appliedVersion().isEmpty() ? "000" : module.appliedVersion()))
              .toList());
    }
    return ExitCode.DONE;
  }

  /// A number, or the text of a version of several numbers.
  private static Object json(SchemaStatus.Module module) {
    return module.appliedVersion().contains(".") ? module.appliedVersion() : module.applied();
  }
}
