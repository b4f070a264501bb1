package dev.sheaf.cli;

import dev.sheaf.migration.Difference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate verify`
@Command(
    name = "verify",
    description = "Compare the live schema with the schema that the changelogs define.",
    mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Option(
      names = "--privileges",
      description = "Compare owners, privileges and default privileges too.")
  private boolean privileges;

  @Override
  public Integer call() {
    Output output = common.output();
    List<Difference> differences = new ArrayList<>(common.migrations().verify(privileges));
    common
        .mongodb()
        .ifPresent(mongodb -> mongodb.verify().forEach(d -> differences.add(ofMongodb(d))));
    if (output.isJson()) {
      output.json(differences);
    } else {
      output.differences(differences);
    }
    output.say(
        differences.isEmpty() ? "no differences" : Output.count(differences.size(), "difference"));
    return differences.isEmpty() ? ExitCode.DONE : ExitCode.DIFFERENT;
  }

  /// Marks differences in MongoDB, because PostgreSQL has indexes too.
  private static Difference ofMongodb(Difference difference) {
    return new Difference(
        difference.kind(),
        "mongodb " + difference.object(),
        difference.expected(),
        difference.actual());
  }
}
