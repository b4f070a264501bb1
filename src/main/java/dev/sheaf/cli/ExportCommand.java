package dev.sheaf.cli;

import dev.sheaf.runtime.OperatorException;
import dev.sheaf.transfer.Export;
import dev.sheaf.transfer.SheafClient;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf export COLLECTION [FILE]`
@Command(
    name = "export",
    description = "Export all documents of a collection, as JSON lines that import accepts.",
    mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ServiceOptions server = new ServiceOptions();

  @Parameters(index = "0", paramLabel = "COLLECTION", description = "The collection.")
  private String collection = "";

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      arity = "0..1",
      defaultValue = "-",
      description =
          "The file to write; it must not exist. It is compressed if its name ends in .gz. Default: - (stdout).")
  private String file = "";

  @Option(
      names = "--vectors",
      description = "Include the embeddings, so that an import does not compute them again.")
  private boolean vectors;

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description = "Export only the documents that match this filter.")
  private @Nullable String filter;

  @Override
  public Integer call() throws IOException {
    Output output = common.output();
    TransferProgress progress = output.transfer();
    try (SheafClient client = server.client()) {
      Export export = new Export(client, collection, filter, vectors);
      long documents =
          file.equals("-")
              ? export.writeTo(output.writer(), collection, progress)
              : write(export, Path.of(file), progress);
      progress.clear();
      if (!file.equals("-") && output.isJson()) {
        output.json(Map.of("file", file, "documents", documents));
      } else if (!file.equals("-")) {
        output.data(file + "  " + documents + " documents");
      }
      return ExitCode.DONE;
    } catch (IOException e) {
      progress.clear();
      throw new OperatorException(
          "the export of %s failed: %s".formatted(collection, e.getMessage()),
          "the output is incomplete; run the command again",
          e);
    }
  }

  /// Writes to another file first, so that a file of the right name is always complete.
  private static long write(Export export, Path target, TransferProgress progress)
      throws IOException {
    if (Files.exists(target)) {
      throw new OperatorException(target + " already exists", "delete it, or choose another file");
    }
    Path part = target.resolveSibling(target.getFileName() + ".part");
    try {
      long documents;
      try (Writer out = new OutputStreamWriter(open(part), StandardCharsets.UTF_8)) {
        documents = export.writeTo(out, target.toString(), progress);
      }
      Files.move(part, target);
      return documents;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static OutputStream open(Path part) throws IOException {
    OutputStream out =
        Files.newOutputStream(
            part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    return part.toString().endsWith(".gz.part") ? new GZIPOutputStream(out, 64 * 1024) : out;
  }
}
