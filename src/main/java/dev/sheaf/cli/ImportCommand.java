package dev.sheaf.cli;

import dev.sheaf.runtime.OperatorException;
import dev.sheaf.transfer.Import;
import dev.sheaf.transfer.ImportResult;
import dev.sheaf.transfer.Inputs;
import dev.sheaf.transfer.Refusal;
import dev.sheaf.transfer.Service;
import dev.sheaf.transfer.Upload;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf import FILE... --collection NAME`
@Command(
    name = "import",
    description = {
      "Send documents to a running service.",
      "A file of JSON lines (.ndjson, .jsonl, .json, also as .gz) holds many; a text, Markdown, HTML or PDF file is one, whose id is its path from here."
    },
    mixinStandardHelpOptions = true)
final class ImportCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ServiceOptions server = new ServiceOptions();

  @Parameters(
      paramLabel = "FILE",
      arity = "1..*",
      description = "Files, directories, or - for JSON lines on stdin.")
  private List<String> files = List.of();

  @Option(
      names = "--collection",
      paramLabel = "NAME",
      required = true,
      description = "Where they go.")
  private String collection = "";

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description = "Of directories only these files: *.md by name, guide/** by path.")
  private List<String> include = new ArrayList<>();

  @Option(names = "--exclude", paramLabel = "GLOB", description = "Of directories not these files.")
  private List<String> exclude = new ArrayList<>();

  @Option(
      names = "--async",
      description =
          "Let the service store each upload first, and load it in a job that needs nobody to wait.")
  private boolean async;

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "That of a run that broke off: what it loaded is not loaded again.")
  private @Nullable String key;

  @Override
  public Integer call() {
    Output output = common.output();
    List<Upload> uploads = new Inputs(include, exclude).uploads(files, System.in);
    List<ImportResult> results = new ArrayList<>();
    TransferProgress progress = output.transfer();
    try (Service service = server.service()) {
      Import sending = new Import(service, collection, async, key, progress);
      for (Upload upload : uploads) {
        ImportResult result = sending.run(upload);
        progress.clear();
        results.add(result);
        if (!output.isJson()) {
          print(output, result);
        }
      }
    } catch (OperatorException e) {
      progress.clear();
      throw e;
    }
    if (output.isJson()) {
      output.json(results);
    }
    return results.stream().allMatch(result -> result.failed() == 0)
        ? ExitCode.DONE
        : ExitCode.FAILED;
  }

  private static void print(Output output, ImportResult result) {
    for (Refusal refusal : result.refusals()) {
      output.refused(
          refusal.place()
              + ": "
              + (refusal.id() == null ? "" : refusal.id() + ": ")
              + refusal.detail());
    }
    long untold = result.failed() - result.refusals().size();
    if (untold > 0) {
      output.refused(result.file() + ": " + untold + " more");
    }
    output.data(
        "%s  %s read: %s created, %s updated, %s unchanged, %s replaced, %s failed"
            .formatted(
                result.file(),
                result.read(),
                result.created(),
                result.updated(),
                result.unchanged(),
                result.replaced(),
                result.failed()));
  }
}
