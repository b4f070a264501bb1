package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate template`
@Command(
    name = "template",
    description = {
      "Create or refresh an up-to-date template database for tests to clone.",
      "With --drop-states: drop the databases sheaf_state_*, which check and plan keep for the next time."
    },
    mixinStandardHelpOptions = true)
final class TemplateCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      defaultValue = "sheaf_template",
      description = "The name of the database. Default: ${DEFAULT-VALUE}.")
  private String name = "";

  @Option(
      names = "--drop-states",
      description = "Drop the templates of check and plan, and create none.")
  private boolean dropStates;

  @Override
  public Integer call() {
    Output output = common.output();
    if (dropStates) {
      List<String> dropped = common.migrations().dropStateTemplates();
      if (output.isJson()) {
        output.json(dropped);
      } else {
        dropped.forEach(output::data);
      }
      output.say(Output.count(dropped.size(), "database") + " dropped");
      return ExitCode.DONE;
    }
    MigrationResult result = common.migrations().template(name, output.listener());
    return output.result(result, "CREATE DATABASE ... TEMPLATE " + name);
  }
}
