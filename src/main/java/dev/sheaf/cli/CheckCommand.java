package dev.sheaf.cli;

import dev.sheaf.schema.ChangelogCheck;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf migrate check`
@Command(
    name = "check",
    description = "Look whether the changelogs are well-formed; needs no database.",
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    Output output = common.output();
    List<ChangelogCheck.Finding> findings = ChangelogCheck.of(common.sources());
    if (output.isJson()) {
      output.json(findings);
    } else {
      findings.forEach(finding -> output.data(finding.path() + ": " + finding.message()));
    }
    output.say(findings.isEmpty() ? "well-formed" : Output.count(findings.size(), "finding"));
    return findings.isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
  }
}
