package dev.sheaf.cli;

import dev.sheaf.migration.DerivedRollback;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `sheaf migrate derive-rollback`
@Command(
    name = "derive-rollback",
    description =
        "Run a changeset on a scratch database, derive its rollback, and write it into the file.",
    mixinStandardHelpOptions = true)
final class DeriveRollbackCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Parameters(paramLabel = "FILE", description = "The changelog file.")
  private Path file = Path.of("");

  @Override
  public Integer call() {
    Output output = common.output();
    DerivedRollback derived = common.migrations(scratch).deriveRollback(file);
    if (output.isJson()) {
      output.json(derived);
    } else {
      derived.statements().forEach(statement -> output.data(statement + ";"));
    }
    if (derived.lossy() != null) {
      output.say("declared as lossy: " + derived.lossy());
    }
    derived.open().forEach(missing -> output.say("to be completed: " + missing));
    output.say(
        Output.count(derived.statements().size(), "statement") + " written to " + derived.file());
    return derived.open().isEmpty() ? ExitCode.DONE : ExitCode.DIFFERENT;
  }
}
