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
    description = "Compare the live schema with what the changelogs make.",
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
        differences.isEmpty() ? "no difference" : Output.count(differences.size(), "difference"));
    return differences.isEmpty() ? ExitCode.DONE : ExitCode.DIFFERENT;
  }

  /// Told apart from PostgreSQL's, which has indexes too.
  private static Difference ofMongodb(Difference difference) {
    return new Difference(
        difference.kind(),
        "mongodb " + difference.object(),
        difference.expected(),
        difference.actual());
  }
}
