package dev.sheaf.embedding.bundled;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.onnx.OnnxRuntime;
import dev.sheaf.onnx.WordPieceTokenizer;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.Character.UnicodeScript;
import java.lang.foreign.Arena;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/// BAAI's bge-small-en-v1.5 with quantized weights, on ONNX Runtime in this process.
///
/// Each text is embedded separately, by one thread. Measured on two cores with two threads: 300
/// texts of 20 tokens per second, or 39 texts of 200 tokens. With threads inside of ONNX Runtime
/// the rate is half, and a single query is slower. Batches are a third faster for short texts and a
/// third slower for long ones, and a vector then depends on the other texts of its batch (cosine
/// 0.995), because the quantization scales over the whole batch.
final class BgeSmall implements EmbeddingModel, AutoCloseable {

  static final String NAME = "bge-small-en-v1.5";
  static final String QUERY_PREFIX = "Represent this sentence for searching relevant passages: ";

  private static final int DIMENSIONS = 384;

  /// 512 positions without `[CLS]` and `[SEP]`.
  private static final int MAX_TOKENS = 510;

  private static final String WEIGHTS = "/bge-small-en-v1.5-q.onnx";
  private static final String TOKENIZER = "/bge-small-en-v1.5-q-tokenizer.json";

  private static final Logger LOG = Logger.getLogger(BgeSmall.class);

  private final String weights;
  private final AtomicBoolean loading = new AtomicBoolean();
  private final CompletableFuture<Loaded> loaded = new CompletableFuture<>();
  private final AtomicLong arrivals = new AtomicLong();
  private final ThreadPoolExecutor workers;

  /// @param threads how many texts are embedded concurrently, at least 1
  BgeSmall(int threads) {
    this(threads, WEIGHTS);
  }

  /// @param weights the name of the resource that contains the ONNX model
  BgeSmall(int threads, String weights) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
    this.weights = weights;
    ThreadFactory daemons = Thread.ofPlatform().name("embedding-", 0).daemon().factory();
    this.workers =
        new ThreadPoolExecutor(
            threads, threads, 10, TimeUnit.SECONDS, new PriorityBlockingQueue<>(), daemons);
    workers.allowCoreThreadTimeOut(true);
  }

  private record Loaded(
      OrtEnvironment environment, OrtSession session, WordPieceTokenizer tokenizer) {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int dimensions() {
    return DIMENSIONS;
  }

  @Override
  public int maxTokens() {
    return MAX_TOKENS;
  }

  @Override
  public int countTokens(String text) {
    return awaitLoaded().tokenizer.encode(text).length;
  }

  /// It is trained on English. Its vocabulary has single letters of other scripts, without a
  /// meaning.
  @Override
  public boolean knowsScriptOf(List<String> texts) {
    long balance =
        texts.stream()
            .flatMapToInt(String::codePoints)
            .filter(Character::isLetter)
            .mapToLong(c -> UnicodeScript.of(c) == UnicodeScript.LATIN ? 1 : -1)
            .sum();
    return balance >= 0;
  }

  @Override
  public List<float[]> embed(List<String> texts, Purpose purpose) {
    Loaded model = awaitLoaded();
    var tasks = new ArrayList<Task>(texts.size());
    for (String text : texts) {
      long[] ids =
          switch (purpose) {
            case DOCUMENT -> documentIds(model, text);
            case QUERY -> queryIds(model, text);
          };
      tasks.add(new Task(model, ids, purpose, arrivals.getAndIncrement()));
    }
    try {
      tasks.forEach(workers::execute);
      var vectors = new ArrayList<float[]>(tasks.size());
      for (Task task : tasks) {
        vectors.add(task.get());
      }
      return vectors;
    } catch (ExecutionException e) {
      throw new EmbeddingException("The model " + NAME + " failed to embed a text.", e.getCause());
    } catch (RejectedExecutionException | CancellationException e) {
      throw new EmbeddingException("The model " + NAME + " was stopped.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddingException("Interrupted while waiting for the model " + NAME + ".", e);
    } finally {
      // If one task failed, the others are not needed. This does not affect completed tasks.
      tasks.forEach(task -> task.cancel(false));
    }
  }

  private static long[] documentIds(Loaded model, String text) {
    int[] ids = model.tokenizer.encode(text);
    if (ids.length > MAX_TOKENS) {
      throw new IllegalArgumentException(
          "A text has %s tokens, but the model %s accepts at most %s."
              .formatted(ids.length, NAME, MAX_TOKENS));
    }
    return inputIds(model, ids);
  }

  private static long[] queryIds(Loaded model, String text) {
    return inputIds(model, model.tokenizer.encode(QUERY_PREFIX + text));
  }

  /// Truncates to [#MAX_TOKENS], and adds the special tokens.
  private static long[] inputIds(Loaded model, int[] ids) {
    int length = Math.min(ids.length, MAX_TOKENS);
    long[] input = new long[length + 2];
    input[0] = model.tokenizer.classification();
    for (int i = 0; i < length; i++) {
      input[i + 1] = ids[i];
    }
    input[length + 1] = model.tokenizer.separator();
    return input;
  }

  /// Embeds one text.
  private static final class Task extends FutureTask<float[]> implements Comparable<Task> {
    private final Purpose purpose;
    private final long arrival;

    Task(Loaded model, long[] ids, Purpose purpose, long arrival) {
      super(() -> infer(model, ids));
      this.purpose = purpose;
      this.arrival = arrival;
    }

    /// Queries run before documents, because a user waits for the result.
    @Override
    public int compareTo(Task other) {
      int byPurpose = Boolean.compare(other.purpose == Purpose.QUERY, purpose == Purpose.QUERY);
      return byPurpose != 0 ? byPurpose : Long.compare(arrival, other.arrival);
    }
  }

  private static float[] infer(Loaded model, long[] ids) throws OrtException {
    long[] attention = new long[ids.length];
    Arrays.fill(attention, 1);
    long[] types = new long[ids.length];
    long[] shape = {1, ids.length};
    try (var idTensor = OnnxTensor.createTensor(model.environment, LongBuffer.wrap(ids), shape);
        var attentionTensor =
            OnnxTensor.createTensor(model.environment, LongBuffer.wrap(attention), shape);
        var typeTensor = OnnxTensor.createTensor(model.environment, LongBuffer.wrap(types), shape);
        var result =
            model.session.run(
                Map.of(
                    "input_ids", idTensor,
                    "attention_mask", attentionTensor,
                    "token_type_ids", typeTensor))) {
      float[] vector = new float[DIMENSIONS];
      // The vector of the text is that of its first token, [CLS].
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(vector);
      return toUnitLength(vector);
    }
  }

  private static float[] toUnitLength(float[] vector) {
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    double length = Math.sqrt(squares);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return vector;
  }

  @Override
  public void load() {
    if (loading.compareAndSet(false, true)) {
      Thread.ofPlatform().name("embedding-load").daemon().start(this::loadNow);
    }
  }

  @Override
  public State state() {
    return switch (loaded.state()) {
      case RUNNING -> new State.Loading();
      case SUCCESS -> new State.Ready();
      case FAILED, CANCELLED ->
          new State.Failed("The model could not be loaded. The cause is in the service's log.");
    };
  }

  private void loadNow() {
    long start = System.nanoTime();
    try {
      Loaded model = read();
      // The first run allocates memory and is several times slower. No user should wait for it.
      infer(model, queryIds(model, ""));
      LOG.infof(
          "Embedding model loaded: model=%s dimensions=%s threads=%s milliseconds=%s",
          NAME,
          DIMENSIONS,
          workers.getCorePoolSize(),
          Duration.ofNanos(System.nanoTime() - start).toMillis());
      loaded.complete(model);
    } catch (Throwable e) {
      // Throwable, because a missing native library is an Error, and callers must not wait forever.
      LOG.errorf(e, "Embedding model failed to load: model=%s", NAME);
      loaded.completeExceptionally(e);
    }
  }

  private Loaded read() throws IOException, OrtException {
    WordPieceTokenizer tokenizer;
    try (InputStream in = url(TOKENIZER).openStream()) {
      tokenizer = WordPieceTokenizer.read(in);
    }
    var environment = OnnxRuntime.environment();
    OrtSession session;
    try (var arena = Arena.ofConfined();
        var options = OnnxRuntime.options()) {
      session = environment.createSession(read(weights, arena), options);
    }
    checkDimensions(session);
    return new Loaded(environment, session, tokenizer);
  }

  private static void checkDimensions(OrtSession session) throws OrtException {
    NodeInfo output = session.getOutputInfo().values().iterator().next();
    long[] shape = ((TensorInfo) output.getInfo()).getShape();
    long dimensions = shape[shape.length - 1];
    if (dimensions != DIMENSIONS) {
      throw new IllegalStateException(
          "%s must have %s dimensions, but the weights have %s"
              .formatted(NAME, DIMENSIONS, dimensions));
    }
  }

  /// Reads a resource into memory outside of the heap. The heap would grow by twice the 34 MB of
  /// the model, and would hardly shrink again.
  private static ByteBuffer read(String name, Arena arena) throws IOException {
    URLConnection resource = url(name).openConnection();
    resource.setUseCaches(false);
    try (InputStream in = resource.getInputStream()) {
      ByteBuffer content = arena.allocate(resource.getContentLengthLong()).asByteBuffer();
      ReadableByteChannel channel = Channels.newChannel(in);
      while (content.hasRemaining() && channel.read(content) >= 0) {}
      if (content.hasRemaining() || in.read() >= 0) {
        throw new IOException("The length of resource " + name + " is wrong");
      }
      return content.flip();
    }
  }

  private static URL url(String name) throws FileNotFoundException {
    URL url = BgeSmall.class.getResource(name);
    if (url == null) {
      throw new FileNotFoundException("Resource " + name + " is not on the class path");
    }
    return url;
  }

  private Loaded awaitLoaded() {
    load();
    try {
      return loaded.get();
    } catch (ExecutionException e) {
      throw new EmbeddingException(
          "The model " + NAME + " could not be loaded. The cause is in the service's log.",
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddingException("Interrupted while waiting for the model " + NAME + ".", e);
    }
  }

  /// Waits for running tasks and for a load in progress, then frees the native memory.
  @Override
  public void close() {
    for (Runnable waiting : workers.shutdownNow()) {
      ((Task) waiting).cancel(false);
    }
    try {
      // The session must not be closed while a thread uses it, and the process must not end during
      // a load.
      if (loading.get()) {
        loaded.handle((_, _) -> null).get(10, TimeUnit.SECONDS);
      }
      if (workers.awaitTermination(10, TimeUnit.SECONDS)) {
        var _ = loaded.thenAccept(BgeSmall::closeSession);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warnf(e, "Embedding model is still loading: model=%s", NAME);
    }
  }

  private static void closeSession(Loaded model) {
    try {
      model.session.close();
    } catch (OrtException e) {
      LOG.warnf(e, "Embedding model failed to close: model=%s", NAME);
    }
  }
}
