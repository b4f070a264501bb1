package dev.sheaf.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;

/// Cross-encoders made of the bundled embedding model: a linear layer on the vector of the first
/// token gives the score. Messages of protocol buffers that follow each other are merged, so the
/// layer is appended to the file of the model.
public final class OnnxModels {

  private static final String BUNDLED = "/bge-small-en-v1.5-q.onnx";
  private static final String BUNDLED_TOKENIZER = "/bge-small-en-v1.5-q-tokenizer.json";
  private static final String TYPES = "token_type_ids";
  private static final int DIMENSIONS = 384;

  // Types of ONNX.
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int ATTRIBUTE_INT = 2;

  private OnnxModels() {}

  /// Writes a cross-encoder into a directory, which has BERT's tokenizer.
  public static Path crossEncoder(Path directory) {
    return write(directory, withScores(1), resource(BUNDLED_TOKENIZER));
  }

  /// Writes a cross-encoder without `token_type_ids`, which has a unigram tokenizer.
  public static Path multilingualCrossEncoder(Path directory) {
    return write(directory, withoutTypes(withScores(1)), resource("/onnx/unigram-tokenizer.json"));
  }

  public static Path write(Path directory, byte[] model, byte[] tokenizer) {
    try {
      Files.createDirectories(directory);
      Files.write(directory.resolve("model.onnx"), model);
      Files.write(directory.resolve("tokenizer.json"), tokenizer);
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The bundled model, whose output is `last_hidden_state`.
  public static byte[] bundled() {
    return resource(BUNDLED);
  }

  public static byte[] bundledTokenizer() {
    return resource(BUNDLED_TOKENIZER);
  }

  /// The bundled model with the output `logits`: `float[batch, scores]`.
  public static byte[] withScores(int scores) {
    ByteBuffer weights =
        ByteBuffer.allocate(DIMENSIONS * scores * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    var random = new Random(17);
    while (weights.hasRemaining()) {
      weights.putFloat((float) random.nextGaussian());
    }
    ByteBuffer first = ByteBuffer.allocate(Long.BYTES);
    return join(
        bundled(),
        graph(
            field(5, tensor("head.first", INT64, first.array())),
            field(5, tensor("head.weights", FLOAT, weights.array(), DIMENSIONS, scores)),
            field(1, node("Gather", "last_hidden_state", "head.first", "head.token", axis(1))),
            field(1, node("MatMul", "head.token", "head.weights", "logits")),
            field(12, output("logits", scores))));
  }

  /// Has the only node that reads `token_type_ids` read another input, and gives it a value, so
  /// that it needs none.
  private static byte[] withoutTypes(byte[] model) {
    String latin = new String(model, StandardCharsets.ISO_8859_1);
    byte[] types = field(1, text(TYPES));
    int node = latin.indexOf(new String(types, StandardCharsets.ISO_8859_1));
    byte[] other = field(1, text("attention_mask"));
    byte[] changed = model.clone();
    System.arraycopy(other, 0, changed, node, other.length);
    return join(changed, graph(field(5, tensor(TYPES, INT64, new byte[Long.BYTES], 1, 1))));
  }

  private static byte[] graph(byte[]... fields) {
    return field(7, join(fields));
  }

  private static byte[] node(
      String type, String first, String second, String output, byte[]... attributes) {
    return join(
        field(1, text(first)),
        field(1, text(second)),
        field(2, text(output)),
        field(4, text(type)),
        join(attributes));
  }

  private static byte[] axis(int axis) {
    return field(5, join(field(1, text("axis")), field(3, axis), field(20, ATTRIBUTE_INT)));
  }

  private static byte[] tensor(String name, int type, byte[] values, int... shape) {
    var tensor = new ByteArrayOutputStream();
    for (int dimension : shape) {
      tensor.writeBytes(field(1, dimension));
    }
    tensor.writeBytes(join(field(2, type), field(8, text(name)), field(9, values)));
    return tensor.toByteArray();
  }

  private static byte[] output(String name, int scores) {
    byte[] shape = join(field(1, field(2, text("batch_size"))), field(1, field(1, scores)));
    byte[] tensor = join(field(1, FLOAT), field(2, shape));
    return join(field(1, text(name)), field(2, field(1, tensor)));
  }

  private static byte[] field(int number, byte[] content) {
    return join(varint((number << 3) | 2), varint(content.length), content);
  }

  private static byte[] field(int number, int value) {
    return join(varint(number << 3), varint(value));
  }

  private static byte[] varint(int value) {
    var bytes = new ByteArrayOutputStream();
    int rest = value;
    while (rest > 0x7F) {
      bytes.write((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    bytes.write(rest);
    return bytes.toByteArray();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] join(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  public static byte[] resource(String name) {
    try (InputStream in = Objects.requireNonNull(OnnxModels.class.getResourceAsStream(name))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
