package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `sheaf migrate template`
@Command(
    name = "template",
    description = "Create or refresh an up-to-date template database for tests to clone.",
    mixinStandardHelpOptions = true)
final class TemplateCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      defaultValue = "sheaf_template",
      description = "The name of the database. Default: ${DEFAULT-VALUE}.")
  private String name = "";

  @Override
  public Integer call() {
    Output output = common.output();
    MigrationResult result = common.migrations().template(name, output.listener());
    return output.result(result, "CREATE DATABASE ... TEMPLATE " + name);
  }
}
