package dev.sheaf.cli;

import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate wait`
@Command(
    name = "wait",
    description =
        "Wait until another process has migrated the schema to a version that this build can serve.",
    mixinStandardHelpOptions = true)
final class WaitCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = DurationArgument.class,
      description = "The maximum time to wait: 90s, 10m, 1h. Default: 10m.")
  private Duration timeout = Duration.ofMinutes(10);

  @Override
  public Integer call() throws InterruptedException {
    Output output = common.output();
    common.migrations().awaitCompatible(timeout, output.listener());
    output.say("the schema is compatible");
    return ExitCode.DONE;
  }
}
