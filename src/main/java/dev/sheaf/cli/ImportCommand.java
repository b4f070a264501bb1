package dev.sheaf.cli;

import dev.sheaf.runtime.OperatorException;
import dev.sheaf.transfer.Import;
import dev.sheaf.transfer.ImportResult;
import dev.sheaf.transfer.ImportSources;
import dev.sheaf.transfer.RejectedDocument;
import dev.sheaf.transfer.SheafClient;
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
      "A file of JSON lines (.ndjson, .jsonl, .json, also compressed as .gz) holds many documents. A text, Markdown, HTML or PDF file is one document; its id is its path relative to the working directory."
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
      description = "The collection to import into.")
  private String collection = "";

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description =
          "In directories, import only matching files: *.md matches a name, guide/** a path.")
  private List<String> include = new ArrayList<>();

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      description = "In directories, skip matching files.")
  private List<String> exclude = new ArrayList<>();

  @Option(
      names = "--async",
      description = "Let the service store each upload first, and load it in a background job.")
  private boolean async;

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "The key of an interrupted run: documents that it loaded are not loaded again.")
  private @Nullable String key;

  @Override
  public Integer call() {
    Output output = common.output();
    List<Upload> uploads = new ImportSources(include, exclude).uploads(files, System.in);
    List<ImportResult> results = new ArrayList<>();
    TransferProgress progress = output.transfer();
    try (SheafClient client = server.client()) {
      Import sending = new Import(client, collection, async, key, progress);
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
    for (RejectedDocument rejected : result.refusals()) {
      output.failure(
          rejected.place()
              + ": "
              + (rejected.id() == null ? "" : rejected.id() + ": ")
              + rejected.detail());
    }
    long untold = result.failed() - result.refusals().size();
    if (untold > 0) {
      output.failure(result.file() + ": " + untold + " more failed");
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
