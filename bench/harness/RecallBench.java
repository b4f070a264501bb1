package harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Recall as the service shows it beside the truth of 1,000 questions, while a collection grows
/// that declares a recall, and what tuning chooses.
final class RecallBench {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String NAME = "benchrecall";
  private static final double GOAL = 0.95;
  private static final int GENERATED = 128;
  private static final int LATENT = 20;

  /// The first half of the questions is what tuning is given, the others are held out.
  private static final int GIVEN = Corpus.QUERIES / 2;

  private static final List<Integer> CANDIDATES =
      List.of(10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 57, 67, 80, 95, 113, 135, 160, 190, 226, 269);

  private static final Duration MEASURED_WITHIN = Duration.ofMinutes(30);

  private final Report report;
  private final Searched vectors;
  private final Service service;
  private final Path work;

  /// The vectors of a collection, and questions that are not among them.
  interface Searched {
    int rows();

    float[] row(int number);

    float[] query(int number);
  }

  /// The sentences and questions of the corpus.
  static Searched embedded(Vectors vectors) {
    return new Searched() {
      @Override
      public int rows() {
        return vectors.rows();
      }

      @Override
      public float[] row(int number) {
        return vectors.row(number, Vectors.BASE);
      }

      @Override
      public float[] query(int number) {
        return vectors.query(number, Vectors.BASE);
      }
    };
  }

  /// Vectors of 128 dimensions near a space of 20, in 50 clusters that overlap. They need no model.
  static Searched generated(int rows) {
    var random = new Random(1);
    float[][] basis = gaussians(random, GENERATED, LATENT);
    float[][] centres = gaussians(random, 50, LATENT);
    var all = new float[rows + Corpus.QUERIES][GENERATED];
    for (float[] vector : all) {
      float[] centre = centres[random.nextInt(centres.length)];
      var latent = new double[LATENT];
      for (int j = 0; j < LATENT; j++) {
        latent[j] = centre[j] + random.nextGaussian();
      }
      double squares = 0;
      for (int i = 0; i < GENERATED; i++) {
        double sum = 0.5 * random.nextGaussian();
        for (int j = 0; j < LATENT; j++) {
          sum += basis[i][j] * latent[j];
        }
        vector[i] = (float) sum;
        squares += sum * sum;
      }
      for (int i = 0; i < GENERATED; i++) {
        vector[i] /= (float) Math.sqrt(squares);
      }
    }
    return new Searched() {
      @Override
      public int rows() {
        return rows;
      }

      @Override
      public float[] row(int number) {
        return all[number];
      }

      @Override
      public float[] query(int number) {
        return all[rows + number];
      }
    };
  }

  private static float[][] gaussians(Random random, int rows, int columns) {
    var numbers = new float[rows][columns];
    for (float[] row : numbers) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return numbers;
  }

  /// How far the tenth of the nearest rows is from each question.
  private final float[] bounds = new float[Corpus.QUERIES];

  RecallBench(Report report, Searched vectors, Service service, Path work) {
    this.report = report;
    this.vectors = vectors;
    this.service = service;
    this.work = work;
  }

  void run() throws Exception {
    HttpClient.once(service, "DELETE", path(""), "");
    HttpClient.once(
            service,
            "POST",
            "/api/v1/collections",
            """
            {"name": "%s", "model": "none", "dimensions": %d, "recall": %s}\
            """
                .formatted(NAME, vectors.row(0).length, GOAL))
        .orFail();
    report.title(
        "A collection that declares a recall of " + GOAL,
        "efSearch   shown                      of 1,000 questions   enough for them");
    int rows = 0;
    for (int percent : List.of(10, 20, 40, 70, 100)) {
      int grown = vectors.rows() / Corpus.SENTENCES * percent / 100 * Corpus.SENTENCES;
      upload(rows, grown);
      rows = grown;
      compare(rows);
      JsonNode index = awaitMeasured(rows);
      JsonNode shown = index.path("recall");
      double truth = recall(0, Corpus.QUERIES, index.path("efSearch").intValue());
      line(
          "%,d rows".formatted(rows),
          index.path("efSearch").intValue(),
          shown,
          shown.path("value").doubleValue(),
          truth,
          enough(0, Corpus.QUERIES));
      report.goal("recall that is declared, " + rows + " rows", truth, GOAL, true);
    }
    report.title(
        "Tuned for " + GOAL,
        "efSearch   shown                      of 500 others        enough for them");
    tune("midpoints", "");
    tune(
        GIVEN + " questions",
        ", \"vectors\": ["
            + IntStream.range(0, GIVEN)
                .mapToObj(query -> '"' + vector(query) + '"')
                .collect(Collectors.joining(", "))
            + "]");
    HttpClient.once(service, "DELETE", path(""), "").orFail();
  }

  private void tune(String name, String questions) throws Exception {
    JsonNode tuned = json("POST", path("/index/tune"), "{\"recall\": " + GOAL + questions + "}");
    int ef = tuned.path("efSearch").intValue();
    line(
        name,
        ef,
        tuned,
        tuned.path("recall").doubleValue(),
        recall(GIVEN, Corpus.QUERIES, ef),
        enough(GIVEN, Corpus.QUERIES));
  }

  private void line(String name, int ef, JsonNode shown, double value, double truth, int enough) {
    report.line(
        name,
        "%8d   %.4f (%.4f to %.4f)   %.4f               %8d   %d searches",
        ef,
        value,
        shown.path("low").doubleValue(),
        shown.path("high").doubleValue(),
        truth,
        enough,
        shown.path("sampleSize").intValue());
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("work", "recall, " + name);
    result.put("efSearch", ef);
    result.put("shown", value);
    result.put("low", shown.path("low").doubleValue());
    result.put("high", shown.path("high").doubleValue());
    result.put("truth", truth);
    result.put("enough", enough);
    report.result(result);
  }

  private static String path(String rest) {
    return "/api/v1/collections/" + NAME + rest;
  }

  private JsonNode json(String method, String path, String body) throws Exception {
    return JSON.readTree(HttpClient.once(service, method, path, body).orFail().body());
  }

  private void upload(int from, int to) throws Exception {
    Path file = work.resolve("recall.ndjson");
    try (var client = new HttpClient(service)) {
      Data.write(file, from, to, vectors::row, Data.Form.BASE64);
      client.upload(path("/documents"), file).orFail();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /// Waits for a measurement of all rows, after which the service has nothing more to decide.
  private JsonNode awaitMeasured(int rows) throws Exception {
    Instant uploaded = Instant.now();
    Instant latest = uploaded.plus(MEASURED_WITHIN);
    while (true) {
      JsonNode index = json("GET", path("/index"), "");
      JsonNode measured = index.path("recall").path("measuredAt");
      if (index.path("declaredRecall").has("held")
          && !index.has("build")
          && measured.isTextual()
          && Instant.parse(measured.textValue()).isAfter(uploaded)) {
        // A search may use settings that are two seconds old.
        Thread.sleep(2_500);
        return index;
      }
      if (Instant.now().isAfter(latest)) {
        throw new IllegalStateException(
            "not measured with " + rows + " rows after " + MEASURED_WITHIN + ": " + index);
      }
      Thread.sleep(1_000);
    }
  }

  private void compare(int rows) {
    IntStream.range(0, bounds.length)
        .parallel()
        .forEach(query -> {
          float[] question = vectors.query(query);
          var nearest = new float[Truth.K];
          Arrays.fill(nearest, Float.POSITIVE_INFINITY);
          for (int row = 0; row < rows; row++) {
            Truth.add(nearest, Truth.distance(question, vectors.row(row)));
          }
          bounds[query] = nearest[Truth.K - 1] + Truth.SLACK;
        });
  }

  /// The smallest candidate with which searches for these questions have the recall.
  private int enough(int from, int to) throws Exception {
    int low = -1;
    int high = CANDIDATES.size() - 1;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (recall(from, to, CANDIDATES.get(middle)) >= GOAL) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return CANDIDATES.get(high);
  }

  private double recall(int from, int to, int ef) throws Exception {
    long found = 0;
    try (var client = new HttpClient(service)) {
      for (int query = from; query < to; query++) {
        String body =
            "{\"vector\": \"%s\", \"limit\": %d, \"ef\": %d}".formatted(vector(query), Truth.K, ef);
        byte[] request =
            HttpClient.request(service, "POST", path("/search"), body.getBytes("UTF-8"));
        for (JsonNode hit : JSON.readTree(client.send(request).orFail().body()).get("hits")) {
          int row = Integer.parseInt(hit.get("document").textValue().substring(1));
          float distance = Truth.distance(vectors.query(query), vectors.row(row));
          found += distance <= bounds[query] ? 1 : 0;
        }
      }
    }
    return (double) found / (Truth.K * (to - from));
  }

  private String vector(int query) {
    float[] vector = vectors.query(query);
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
