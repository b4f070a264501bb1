package dev.sheaf.embedding.bundled;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingModel;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
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
/// Texts are embedded one by one, each by one thread, by as many threads as there are processors.
/// On two cores that gives 300 short texts (20 tokens) a second, or 39 of 200 tokens. Threads
/// inside the runtime give half of that, and slow a single query down. Batches gain a third for
/// short texts, cost a third for long ones, and make a vector depend on its neighbours (cosine
/// 0.995): the quantization scales over the whole batch.
final class BgeSmall implements EmbeddingModel, AutoCloseable {

  static final String NAME = "bge-small-en-v1.5";
  static final String QUERY_PREFIX = "Represent this sentence for searching relevant passages: ";

  private static final int DIMENSIONS = 384;

  /// 512 positions, less `[CLS]` and `[SEP]`.
  private static final int MAX_TOKENS = 510;

  private static final String WEIGHTS = "/bge-small-en-v1.5-q.onnx";
  private static final String TOKENIZER = "/bge-small-en-v1.5-q-tokenizer.json";

  private static final Logger LOG = Logger.getLogger(BgeSmall.class);

  private final String weights;
  private final AtomicBoolean loading = new AtomicBoolean();
  private final CompletableFuture<Loaded> loaded = new CompletableFuture<>();
  private final AtomicLong arrivals = new AtomicLong();
  private final ThreadPoolExecutor workers;

  /// @param threads how many texts are embedded at once, at least 1
  BgeSmall(int threads) {
    this(threads, WEIGHTS);
  }

  /// @param weights the resource that holds the ONNX model
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

  @Override
  public List<float[]> embed(List<String> texts, Role role) {
    Loaded model = awaitLoaded();
    var tasks = new ArrayList<Task>(texts.size());
    for (String text : texts) {
      long[] ids =
          switch (role) {
            case DOCUMENT -> document(model, text);
            case QUERY -> query(model, text);
          };
      tasks.add(new Task(model, ids, role, arrivals.getAndIncrement()));
    }
    try {
      tasks.forEach(workers::execute);
      var vectors = new ArrayList<float[]>(tasks.size());
      for (Task task : tasks) {
        vectors.add(task.get());
      }
      return vectors;
    } catch (ExecutionException e) {
      throw new EmbeddingException(NAME + " failed to embed a text", e.getCause());
    } catch (RejectedExecutionException | CancellationException e) {
      throw new EmbeddingException(NAME + " was stopped", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddingException("Interrupted while waiting for " + NAME, e);
    } finally {
      // Nobody waits for the rest when one failed; those that are done are not touched by this.
      tasks.forEach(task -> task.cancel(false));
    }
  }

  private static long[] document(Loaded model, String text) {
    int[] ids = model.tokenizer.encode(text);
    if (ids.length > MAX_TOKENS) {
      throw new IllegalArgumentException(
          "A text of %s tokens is longer than the %s that %s reads"
              .formatted(ids.length, MAX_TOKENS, NAME));
    }
    return framed(model, ids);
  }

  private static long[] query(Loaded model, String text) {
    return framed(model, model.tokenizer.encode(QUERY_PREFIX + text));
  }

  /// With the special tokens around it, and without what the model does not read.
  private static long[] framed(Loaded model, int[] ids) {
    int length = Math.min(ids.length, MAX_TOKENS);
    long[] framed = new long[length + 2];
    framed[0] = model.tokenizer.classification();
    for (int i = 0; i < length; i++) {
      framed[i + 1] = ids[i];
    }
    framed[length + 1] = model.tokenizer.separator();
    return framed;
  }

  /// One text for one worker.
  private static final class Task extends FutureTask<float[]> implements Comparable<Task> {
    private final Role role;
    private final long arrival;

    Task(Loaded model, long[] ids, Role role, long arrival) {
      super(() -> infer(model, ids));
      this.role = role;
      this.arrival = arrival;
    }

    /// Somebody waits for the answer to a query: it overtakes documents that are being loaded.
    @Override
    public int compareTo(Task other) {
      int byRole = Boolean.compare(other.role == Role.QUERY, role == Role.QUERY);
      return byRole != 0 ? byRole : Long.compare(arrival, other.arrival);
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
      // The model's sentence vector is that of its first token, [CLS].
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
          new State.Failed(String.valueOf(loaded.exceptionNow().getMessage()));
    };
  }

  private void loadNow() {
    long start = System.nanoTime();
    try {
      Loaded model = read();
      // The first run allocates and is several times slower; no user should wait for it.
      infer(model, query(model, ""));
      LOG.infof(
          "Embedding model loaded: model=%s dimensions=%s threads=%s milliseconds=%s",
          NAME,
          DIMENSIONS,
          workers.getCorePoolSize(),
          Duration.ofNanos(System.nanoTime() - start).toMillis());
      loaded.complete(model);
    } catch (Throwable e) {
      // A missing native library is an Error; whatever it is, callers must not wait for ever.
      LOG.errorf(e, "Embedding model failed to load: model=%s", NAME);
      loaded.completeExceptionally(e);
    }
  }

  private Loaded read() throws IOException, OrtException {
    WordPieceTokenizer tokenizer;
    try (InputStream in = url(TOKENIZER).openStream()) {
      tokenizer = WordPieceTokenizer.read(in);
    }
    var environment = OrtEnvironment.getEnvironment();
    OrtSession session;
    try (var arena = Arena.ofConfined();
        var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      session = environment.createSession(read(weights, arena), options);
    }
    checkWidth(session);
    return new Loaded(environment, session, tokenizer);
  }

  private static void checkWidth(OrtSession session) throws OrtException {
    NodeInfo output = session.getOutputInfo().values().iterator().next();
    long[] shape = ((TensorInfo) output.getInfo()).getShape();
    long width = shape[shape.length - 1];
    if (width != DIMENSIONS) {
      throw new IllegalStateException(
          "%s should give %s dimensions, but gives %s".formatted(NAME, DIMENSIONS, width));
    }
  }

  /// Outside of the heap, which would grow by twice the model's 34 MB and hardly ever shrink again.
  private static ByteBuffer read(String name, Arena arena) throws IOException {
    URLConnection resource = url(name).openConnection();
    resource.setUseCaches(false);
    try (InputStream in = resource.getInputStream()) {
      ByteBuffer content = arena.allocate(resource.getContentLengthLong()).asByteBuffer();
      ReadableByteChannel channel = Channels.newChannel(in);
      while (content.hasRemaining() && channel.read(content) >= 0) {}
      if (content.hasRemaining() || in.read() >= 0) {
        throw new IOException(name + " is not as long as it says");
      }
      return content.flip();
    }
  }

  private static URL url(String name) throws FileNotFoundException {
    URL url = BgeSmall.class.getResource(name);
    if (url == null) {
      throw new FileNotFoundException("No resource " + name + " on the class path");
    }
    return url;
  }

  private Loaded awaitLoaded() {
    load();
    try {
      return loaded.get();
    } catch (ExecutionException e) {
      throw new EmbeddingException(NAME + " could not be loaded", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddingException("Interrupted while waiting for " + NAME, e);
    }
  }

  /// Frees the native memory once the texts in hand are done and a load under way has ended.
  @Override
  public void close() {
    for (Runnable waiting : workers.shutdownNow()) {
      ((Task) waiting).cancel(false);
    }
    try {
      // A session must not be closed under a running thread, nor the process end under a load.
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
