package harness;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.function.IntFunction;

/// The [Corpus] as it is uploaded, and the collections that hold it, which are kept from run to
/// run.
final class Data {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration INDEXED_WITHIN = Duration.ofMinutes(30);

  private Data() {}

  static String name(int dimensions) {
    return "bench" + dimensions;
  }

  /// How an upload has its vectors.
  enum Form {
    NUMBERS,
    BASE64,
    /// None: the service embeds the texts.
    TEXT
  }

  /// Lines of JSON, one document each.
  static void write(Path file, int rows, Vectors vectors, int dimensions, Form form)
      throws IOException {
    write(file, 0, rows, number -> vectors.row(number, dimensions), form);
  }

  static void write(Path file, int from, int to, IntFunction<float[]> vectors, Form form)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20);
        JsonGenerator json = JSON.getFactory().createGenerator(out).setRootValueSeparator(null)) {
      for (int number = from; number < to; number++) {
        Corpus.Row row = Corpus.row(number);
        json.writeStartObject();
        json.writeStringField("id", row.id());
        json.writeStringField("title", row.title());
        json.writePOJOField("metadata", row.metadata());
        if (form == Form.TEXT) {
          json.writeStringField("text", row.text());
        } else {
          json.writeArrayFieldStart("chunks");
          json.writeStartObject();
          json.writeStringField("text", row.text());
          json.writeFieldName("vector");
          write(json, vectors.apply(number), form);
          json.writeEndObject();
          json.writeEndArray();
        }
        json.writeEndObject();
        json.writeRaw('\n');
      }
    }
  }

  private static void write(JsonGenerator json, float[] vector, Form form) throws IOException {
    if (form == Form.NUMBERS) {
      json.writePOJO(vector);
      return;
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    json.writeString(Base64.getEncoder().encodeToString(bytes.array()));
  }

  static void create(Service sheaf, String name, int dimensions, int ef, boolean withModel)
      throws IOException {
    HttpClient.once(
            sheaf,
            "POST",
            "/api/v1/collections",
            """
            {"name": "%s", "model": "%s", %s "hnsw": {"efSearch": %d}}\
            """
                .formatted(
                    name,
                    withModel ? "bge-small-en-v1.5" : "none",
                    withModel ? "" : "\"dimensions\": " + dimensions + ",",
                    ef))
        .orFail();
  }

  /// Uploads the whole corpus, unless it is there.
  ///
  /// @param by whose collection it is: Sheaf, or a store
  static void ensure(
      Database database, Vectors vectors, int dimensions, int ef, String by, Service service)
      throws Exception {
    String key = by + "-" + name(dimensions) + "-" + vectors.rows();
    database.execute("CREATE TABLE IF NOT EXISTS bench_loaded (key text PRIMARY KEY)");
    if (!database.value("SELECT key FROM bench_loaded WHERE key = '" + key + "'").isEmpty()) {
      return;
    }
    System.err.printf("bench: loading %,d x %d through %s%n", vectors.rows(), dimensions, by);
    Path file = Files.createTempFile("sheaf-bench", ".ndjson");
    try (var client = new HttpClient(service)) {
      write(file, vectors.rows(), vectors, dimensions, Form.NUMBERS);
      if (by.equals("sheaf")) {
        HttpClient.once(service, "DELETE", "/api/v1/collections/" + name(dimensions), "");
        create(service, name(dimensions), dimensions, ef, false);
      }
      client.upload("/api/v1/collections/" + name(dimensions) + "/documents", file).orFail();
    } finally {
      Files.delete(file);
    }
    if (by.equals("sheaf")) {
      awaitIndexes(database, dimensions);
      vacuum(database, dimensions);
    } else {
      String table = by + "_" + name(dimensions);
      database.execute(
          "SET max_parallel_maintenance_workers = 0; CREATE INDEX ON %s USING hnsw (embedding vector_cosine_ops)"
              .formatted(table));
      database.execute("VACUUM ANALYZE " + table);
    }
    database.execute("INSERT INTO bench_loaded VALUES ('" + key + "')");
  }

  /// The service builds them in the background.
  static void awaitIndexes(Database database, int dimensions) throws Exception {
    String of = " FROM collection WHERE name = '" + name(dimensions) + "'";
    long collection = database.number("SELECT id" + of);
    long space = database.number("SELECT active_space_id" + of);
    String valid =
        """
        SELECT count(*) FROM pg_index
         WHERE indisvalid
           AND indexrelid IN (to_regclass('embedding_%d_hnsw'), to_regclass('document_%d_metadata'))\
        """
            .formatted(space, collection);
    Instant latest = Instant.now().plus(INDEXED_WITHIN);
    while (database.number(valid) < 2) {
      if (Instant.now().isAfter(latest)) {
        throw new IllegalStateException("no index after " + INDEXED_WITHIN);
      }
      Thread.sleep(100);
    }
  }

  static void vacuum(Database database, int dimensions) throws Exception {
    String of = " FROM collection WHERE name = '" + name(dimensions) + "'";
    long collection = database.number("SELECT id" + of);
    long space = database.number("SELECT active_space_id" + of);
    database.execute("VACUUM ANALYZE embedding_" + space);
    database.execute("VACUUM ANALYZE document_" + collection);
    database.execute("VACUUM ANALYZE chunk_" + collection);
  }
}
