package dev.sheaf.cli;

import dev.sheaf.migration.SchemaStatus;
import java.util.ArrayList;
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
    Map<String, Integer> versions = new LinkedHashMap<>();
    for (SchemaStatus.Module module : common.migrations().status().modules()) {
      versions.put(module.name(), module.applied());
    }
    if (output.isJson()) {
      output.json(versions);
    } else {
      List<List<String>> rows = new ArrayList<>();
      versions.forEach((module, version) -> rows.add(Output.row(module, Output.number(version))));
      output.table(rows);
    }
    return ExitCode.DONE;
  }
}
