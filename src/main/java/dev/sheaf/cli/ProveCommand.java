package dev.sheaf.cli;

import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.engine.ProofSelection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate prove`
@Command(
    name = "prove",
    description =
        "Apply the pending changesets, roll them back and apply them again, on a scratch database with sample rows.",
    mixinStandardHelpOptions = true)
final class ProveCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ScratchOptions scratch = new ScratchOptions();
  @ArgGroup private SelectionOptions selection = new SelectionOptions();

  @Option(names = "--module", paramLabel = "M", description = "Only this module.")
  private @Nullable String module;

  private static final class SelectionOptions {
    @Option(names = "--all", description = "Prove every changeset, applied or not.")
    private boolean all;

    @Parameters(paramLabel = "FILE", description = "Prove only this changelog file.")
    private @Nullable Path file;

    ProofSelection selection() {
      return all
          ? new ProofSelection.All()
          : file == null ? new ProofSelection.Pending() : new ProofSelection.One(file);
    }
  }

  @Override
  public Integer call() {
    Output output = common.output();
    Consumer<RollbackProof> listener = output.isJson() ? _ -> {} : proof -> print(output, proof);
    long begun = System.nanoTime();
    List<RollbackProof> proofs =
        common.migrations(scratch).prove(selection.selection(), module, listener);
    if (output.isJson()) {
      output.json(proofs);
    }
    long failed = proofs.stream().filter(proof -> proof.verdict() == Verdict.FAILED).count();
    output.say(
        Output.count(proofs.size() - (int) failed, "changeset")
            + " proven in "
            + Output.text(Duration.ofNanos(System.nanoTime() - begun))
            + (failed == 0 ? "" : ", " + failed + " failed"));
    return failed == 0 ? ExitCode.DONE : ExitCode.FAILED;
  }

  private static void print(Output output, RollbackProof proof) {
    String reason = proof.reason() == null ? "" : "  " + proof.reason();
    output.data(
        "%-6s  %s%s"
            .formatted(proof.verdict().name().toLowerCase(Locale.ROOT), proof.changeset(), reason));
    proof.lost().forEach(table -> output.data("        rows lost  " + table));
    proof.remarks().forEach(remark -> output.data("        remark  " + remark));
    output.differences(proof.differences());
  }
}
