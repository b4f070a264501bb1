package dev.sheaf.cli;

import dev.sheaf.mongodb.MongoSeed;
import dev.sheaf.mongodb.MongoSeedResult;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf migrate seed`
@Command(
    name = "seed",
    description = "Create missing collections and indexes in MongoDB.",
    mixinStandardHelpOptions = true)
final class SeedCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    Output output = common.output();
    MongoSeedResult result =
        common
            .mongodb()
            .orElseThrow(MongoSeed::off)
            .seed(object -> output.say("creating " + object));
    if (output.isJson()) {
      output.json(result);
    } else {
      result
          .created()
          .forEach(created ->
              output.data("created  " + created.object() + "  " + Output.text(created.took())));
    }
    result.notes().forEach(output::say);
    result.problems().forEach(output::problem);
    if (!result.success()) {
      return ExitCode.FAILED;
    }
    output.say(result.created().size() + " created, " + result.unchanged() + " unchanged");
    return ExitCode.DONE;
  }
}
