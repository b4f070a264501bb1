package harness;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModel.Purpose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/// The embeddings of the [Corpus] by the bundled model, made once and kept in files of 32-bit
/// floats, to which a run adds what is missing.
///
/// Vectors of 1,024 dimensions are made of three of 384: those of a sentence, of the sentence
/// before it in its article, and two thirds of that of the title. So they have the neighbours that
/// text has, and no model of that width is needed.
final class Vectors {

  static final int BASE = 384;
  static final int WIDE = 1_024;

  private static final int BLOCK = 200;

  private final float[][] sentences;
  private final float[][] titles;
  private final float[][] questions;
  private final float[][] questionTitles;

  private Vectors(
      float[][] sentences, float[][] titles, float[][] questions, float[][] questionTitles) {
    this.sentences = sentences;
    this.titles = titles;
    this.questions = questions;
    this.questionTitles = questionTitles;
  }

  /// @param cache the directory of all caches
  static Vectors of(Path cache, int rows, EmbeddingModel model) throws IOException {
    Path directory = cache.resolve(model.name() + "-" + Corpus.VERSION);
    Files.createDirectories(directory);
    int articles = rows / Corpus.SENTENCES;
    return new Vectors(
        kept(directory.resolve("sentences"), rows, model, Purpose.DOCUMENT, Corpus::text),
        kept(directory.resolve("titles"), articles, model, Purpose.DOCUMENT, Corpus::title),
        kept(
            directory.resolve("questions"), Corpus.QUERIES, model, Purpose.QUERY, Corpus::question),
        kept(
            directory.resolve("question-titles"),
            Corpus.QUERIES,
            model,
            Purpose.DOCUMENT,
            Corpus::questionTitle));
  }

  int rows() {
    return sentences.length;
  }

  float[] row(int number, int dimensions) {
    if (dimensions == BASE) {
      return sentences[number];
    }
    int place = number % Corpus.SENTENCES;
    return wide(
        sentences[number],
        sentences[place == 0 ? number + 1 : number - 1],
        titles[number / Corpus.SENTENCES]);
  }

  float[] query(int number, int dimensions) {
    return dimensions == BASE
        ? questions[number]
        : wide(questions[number], questions[number ^ 1], questionTitles[number]);
  }

  private static float[] wide(float[] first, float[] second, float[] title) {
    var wide = new float[WIDE];
    System.arraycopy(first, 0, wide, 0, BASE);
    System.arraycopy(second, 0, wide, BASE, BASE);
    System.arraycopy(title, 0, wide, 2 * BASE, WIDE - 2 * BASE);
    double squares = 0;
    for (float x : wide) {
      squares += (double) x * x;
    }
    double length = Math.sqrt(squares);
    for (int i = 0; i < WIDE; i++) {
      wide[i] = (float) (wide[i] / length);
    }
    return wide;
  }

  private static float[][] kept(
      Path file, int count, EmbeddingModel model, Purpose purpose, IntFunction<String> text)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      int width = BASE * Float.BYTES;
      int stored = (int) (channel.size() / width);
      long begun = System.nanoTime();
      for (int from = stored; from < count; from += BLOCK) {
        var texts = new ArrayList<String>();
        for (int i = from; i < Math.min(from + BLOCK, count); i++) {
          texts.add(text.apply(i));
        }
        ByteBuffer bytes = ByteBuffer.allocate(texts.size() * width).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] vector : model.embed(texts, purpose)) {
          bytes.asFloatBuffer().put(vector);
          bytes.position(bytes.position() + width);
        }
        for (bytes.flip(); bytes.hasRemaining(); ) {
          channel.write(bytes, (long) from * width + bytes.position());
        }
        int done = from + texts.size();
        if (done / 1_000 > from / 1_000) {
          System.err.printf(
              "bench: %s %d of %d, %.0f/s%n",
              file.getFileName(), done, count, (done - stored) * 1e9 / (System.nanoTime() - begun));
        }
      }
      return read(channel, count);
    }
  }

  private static float[][] read(FileChannel channel, int count) throws IOException {
    List<float[]> vectors = new ArrayList<>(count);
    ByteBuffer bytes = ByteBuffer.allocate(BASE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.clear();
      while (bytes.hasRemaining()) {
        channel.read(bytes, (long) i * bytes.capacity() + bytes.position());
      }
      var vector = new float[BASE];
      bytes.flip().asFloatBuffer().get(vector);
      vectors.add(vector);
    }
    return vectors.toArray(float[][]::new);
  }
}
