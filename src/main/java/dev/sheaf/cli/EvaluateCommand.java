package dev.sheaf.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.transfer.Judgements;
import dev.sheaf.transfer.SheafClient;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf evaluate COLLECTION FILE`
@Command(
    name = "evaluate",
    description = "Measure what searches of a collection find, with several settings side by side.",
    mixinStandardHelpOptions = true)
final class EvaluateCommand implements Callable<Integer> {

  private static final Map<String, String> DEFAULT_SETTINGS = new LinkedHashMap<>();

  static {
    DEFAULT_SETTINGS.put("vector", "{\"mode\": \"vector\"}");
    DEFAULT_SETTINGS.put("fulltext", "{\"mode\": \"fulltext\", \"match\": \"any\"}");
    DEFAULT_SETTINGS.put("hybrid", "{\"mode\": \"hybrid\"}");
  }

  @Mixin private Common common = new Common();
  @Mixin private ServiceOptions server = new ServiceOptions();

  @Parameters(index = "0", paramLabel = "COLLECTION", description = "The collection.")
  private String collection = "";

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description =
          "The judgements, one on each line: query, document and optionally grade, separated by"
              + " tabs.")
  private Path file = Path.of("");

  @Option(
      names = "--setting",
      paramLabel = "NAME=JSON",
      description =
          "Options of a search, such as 'hybrid={\"mode\": \"hybrid\"}'. Repeat it for several;"
              + " each is compared with the first. Default: vector, fulltext and hybrid.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--k",
      paramLabel = "N",
      defaultValue = "10",
      description = "The number of documents of each answer that count. Default: 10.")
  private int k;

  @Option(
      names = "--queries",
      paramLabel = "N",
      defaultValue = "3",
      description = "The number of queries to print that got better or worse. Default: 3.")
  private int queries;

  @Override
  public Integer call() throws IOException {
    Output output = common.output();
    try (SheafClient client = server.client()) {
      JsonNode result =
          Judgements.read(file)
              .evaluate(client, collection, settings.isEmpty() ? DEFAULT_SETTINGS : settings, k);
      if (output.isJson()) {
        output.json(result);
      } else {
        print(output, result);
      }
      return ExitCode.DONE;
    } catch (NoSuchFileException e) {
      throw new OperatorException(file + " does not exist", "name the file of judgements", e);
    }
  }

  private void print(Output output, JsonNode result) {
    var rows = new ArrayList<List<String>>();
    String atK = "@" + k;
    rows.add(
        List.of(
            "SETTING",
            "HIT@1",
            "HIT" + atK,
            "MRR" + atK,
            "NDCG" + atK,
            "RECALL" + atK,
            "CHANGE OF NDCG",
            "BETTER",
            "WORSE"));
    for (JsonNode setting : result.path("settings")) {
      JsonNode metrics = setting.path("metrics");
      JsonNode change = setting.path("change").path("ndcg");
      rows.add(
          List.of(
              setting.path("name").asText(),
              mean(metrics, "hitAt1"),
              mean(metrics, "hitRate"),
              mean(metrics, "mrr"),
              mean(metrics, "ndcg"),
              mean(metrics, "recall"),
              change.isMissingNode()
                  ? ""
                  : "%s (%s to %s)"
                      .formatted(
                          signed(change.path("mean")),
                          signed(change.path("low")),
                          signed(change.path("high"))),
              setting.path("better").asText(),
              setting.path("worse").asText()));
    }
    output.table(rows);
    for (JsonNode setting : result.path("settings")) {
      String name = setting.path("name").asText();
      int notReranked = setting.path("notReranked").asInt();
      if (notReranked > 0) {
        output.say("%s: of %s queries, not all hits were reranked".formatted(name, notReranked));
      }
      changes(output, name + " better", setting.path("mostBetter"));
      changes(output, name + " worse", setting.path("mostWorse"));
    }
    if (result.has("missing")) {
      var missing = new ArrayList<String>();
      result.path("missing").forEach(document -> missing.add(document.asText()));
      output.say("not in the collection: " + String.join(", ", missing));
    }
  }

  private void changes(Output output, String what, JsonNode changes) {
    int printed = 0;
    for (JsonNode change : changes) {
      if (printed++ == queries) {
        return;
      }
      output.data(
          "%s  rank %s to %s  %s"
              .formatted(
                  what,
                  change.path("rankBefore").asText("none"),
                  change.path("rankAfter").asText("none"),
                  change.path("text").asText().replaceAll("\\p{Cntrl}", " ")));
    }
  }

  private static String mean(JsonNode metrics, String metric) {
    return String.format(Locale.ROOT, "%.3f", metrics.path(metric).path("mean").asDouble());
  }

  private static String signed(JsonNode value) {
    return String.format(Locale.ROOT, "%+.3f", value.asDouble());
  }
}
