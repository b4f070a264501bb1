package dev.sheaf.search;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.sheaf.onnx.OnnxRuntime;
import dev.sheaf.onnx.PairTokenizer;
import dev.sheaf.onnx.PairTokenizer.Pair;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleConsumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// A cross-encoder from a directory, on ONNX Runtime in this process.
///
/// Each pair of query and text is scored separately, by one thread, for the reasons that the
/// bundled embedding model has: ADR 5. So a score does not depend on the other texts, and the time
/// limit counts for each pair.
final class CrossEncoder implements RerankModel {

  private static final Logger LOG = Logger.getLogger(CrossEncoder.class);

  private static final String IDS = "input_ids";
  private static final String ATTENTION = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final String LOGITS = "logits";

  private final Path directory;
  private final String name;
  private final int maxTokens;
  private final int threads;
  private final ExecutorService workers;
  private volatile @Nullable Loaded loaded;

  private record Loaded(OrtEnvironment environment, OrtSession session, PairTokenizer tokenizer) {}

  /// @param maxTokens maximum length of a pair
  /// @param threads how many pairs are scored concurrently, at least 1
  CrossEncoder(Path directory, String name, int maxTokens, int threads) {
    this.directory = directory;
    this.name = name;
    this.maxTokens = maxTokens;
    this.threads = threads;
    this.workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().name("rerank-", 0).daemon().factory());
  }

  @Override
  public String name() {
    return name;
  }

  /// Of each text, a thread at most holds its tokens, and what the tokenizer makes on the way.
  @Override
  public long memory(long bytes) {
    return 4 * bytes + threads * 64L * maxTokens;
  }

  @Override
  public void load() {
    long start = System.nanoTime();
    Path model = model();
    PairTokenizer tokenizer = tokenizer();
    try {
      OrtEnvironment environment = OnnxRuntime.environment();
      OrtSession session;
      try (var options = OnnxRuntime.options()) {
        session = environment.createSession(model.toString(), options);
      } catch (OrtException e) {
        throw unusable(model, "ONNX Runtime cannot load it", e);
      }
      checkInterface(model, session);
      var all = new Loaded(environment, session, tokenizer);
      tryLongest(model, all);
      loaded = all;
    } catch (OrtException e) {
      throw unusable(model, "its inputs and outputs cannot be read", e);
    }
    LOG.infof(
        "Reranking model loaded: model=%s threads=%s milliseconds=%s",
        name, threads, Duration.ofNanos(System.nanoTime() - start).toMillis());
  }

  /// Where repositories on Hugging Face have it.
  private Path model() {
    return Stream.of("model.onnx", "onnx/model.onnx")
        .map(directory::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(() ->
            new OperatorException(
                "sheaf.rerank.directory is %s, which does not have a file model.onnx or onnx/model.onnx"
                    .formatted(directory),
                "name a directory with the model and its tokenizer.json, which the service may read"));
  }

  private PairTokenizer tokenizer() {
    Path file = directory.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new OperatorException(
          "sheaf.rerank.directory is %s, which does not have a file tokenizer.json"
              .formatted(directory),
          "copy the one that belongs to the model");
    }
    try {
      return PairTokenizer.read(file, maxTokens);
    } catch (IOException e) {
      throw new OperatorException(
          "%s cannot be used: %s".formatted(file, e.getMessage()),
          "choose a model whose tokenizer is supported",
          e);
    }
  }

  private static OperatorException unusable(Path model, String why, @Nullable Exception cause) {
    return new OperatorException(
        "%s cannot be used: %s".formatted(model, why),
        "choose a cross-encoder that gives one score for each pair",
        cause);
  }

  private static void checkInterface(Path model, OrtSession session) throws OrtException {
    Set<String> inputs = new TreeSet<>(session.getInputNames());
    if (!inputs.containsAll(Set.of(IDS, ATTENTION))
        || !Set.of(IDS, ATTENTION, TYPES).containsAll(inputs)) {
      throw unusable(
          model,
          "its inputs must be %s, %s and optionally %s, not %s"
              .formatted(IDS, ATTENTION, TYPES, String.join(", ", inputs)),
          null);
    }
    var output = session.getOutputInfo().get(LOGITS);
    if (output == null) {
      throw unusable(
          model,
          "it must have an output %s, and has %s"
              .formatted(LOGITS, String.join(", ", new TreeSet<>(session.getOutputNames()))),
          null);
    }
    if (!(output.getInfo() instanceof TensorInfo tensor)
        || tensor.getShape().length != 2
        || Math.abs(tensor.getShape()[1]) != 1) {
      throw unusable(
          model,
          "its output %s must have the shape [batch, 1], not %s"
              .formatted(
                  LOGITS,
                  output.getInfo() instanceof TensorInfo tensor
                      ? Arrays.toString(tensor.getShape())
                      : "another one"),
          null);
    }
  }

  /// Shows before the first search that the model accepts the longest pair. It also is the first
  /// run, which is slower than others.
  private void tryLongest(Path model, Loaded all) {
    try {
      infer(all, all.tokenizer().pair(new int[maxTokens], new int[maxTokens]));
    } catch (OrtException | RerankException e) {
      throw new OperatorException(
          "%s cannot read %s tokens".formatted(model, maxTokens),
          "lower sheaf.rerank.max-tokens to the length of the model",
          e);
    }
  }

  @Override
  public void score(String query, List<String> texts, Duration timeout, DoubleConsumer scores)
      throws RerankException {
    long deadline = System.nanoTime() + timeout.toNanos();
    Loaded model = Objects.requireNonNull(loaded);
    int[] queryIds = model.tokenizer().encode(query);
    List<Future<Double>> tasks = new ArrayList<>(texts.size());
    try {
      for (String text : texts) {
        tasks.add(
            workers.submit(() ->
                infer(model, model.tokenizer().pair(queryIds, model.tokenizer().encode(text)))));
      }
      for (Future<Double> task : tasks) {
        scores.accept(task.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
      }
    } catch (TimeoutException _) {
      throw new RerankException("The time for reranking is over.");
    } catch (ExecutionException e) {
      LOG.debug("The reranking model failed", e);
      throw new RerankException("The model failed to score a text.");
    } catch (RejectedExecutionException | CancellationException _) {
      throw new RerankException("The service is stopping.");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new RerankException("The service is stopping.");
    } finally {
      tasks.forEach(task -> task.cancel(false));
    }
  }

  private static double infer(Loaded model, Pair pair) throws OrtException, RerankException {
    long[] attention = new long[pair.ids().length];
    Arrays.fill(attention, 1);
    try (var ids = tensor(model, pair.ids());
        var mask = tensor(model, attention);
        var types = tensor(model, pair.types())) {
      Map<String, OnnxTensor> inputs = new HashMap<>(Map.of(IDS, ids, ATTENTION, mask));
      if (model.session().getInputNames().contains(TYPES)) {
        inputs.put(TYPES, types);
      }
      try (var result = model.session().run(inputs, Set.of(LOGITS))) {
        FloatBuffer logits = ((OnnxTensor) result.get(0)).getFloatBuffer();
        if (logits == null || logits.remaining() != 1 || !Float.isFinite(logits.get(0))) {
          throw new RerankException("The model did not give one number.");
        }
        return logits.get(0);
      }
    }
  }

  private static OnnxTensor tensor(Loaded model, long[] values) throws OrtException {
    return OnnxTensor.createTensor(
        model.environment(), LongBuffer.wrap(values), new long[] {1, values.length});
  }

  /// Waits for running pairs, then frees the native memory: a session must not be closed while a
  /// thread uses it.
  @Override
  public void close() {
    workers.shutdownNow();
    try {
      Loaded model = loaded;
      if (workers.awaitTermination(10, TimeUnit.SECONDS) && model != null) {
        model.session().close();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (OrtException e) {
      LOG.warnf(e, "Reranking model failed to close: model=%s", name);
    }
  }
}
