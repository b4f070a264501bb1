package dev.sheaf.cli;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `sheaf import`, `sheaf export` and `sheaf evaluate` against a running service: exit code and
/// complete stdout and stderr.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class TransferIT {

  /// Long enough for the detection of Latin-1.
  private static final String TIDES =
      """
      Die Gezeiten entstehen durch die Anziehung des Mondes und der Sonne auf die Erde. Größere
      Unterschiede treten nur bei Neumond auf, wenn die Kräfte in einer Linie wirken. Das Wasser
      fällt dann für Stunden weit zurück.
      """;

  @TestHTTPResource URI base;
  @TempDir Path directory;

  @Test
  void anExportRestoresTheSameDocuments() throws IOException {
    String first = Api.newCollection();
    String second = Api.newCollection();
    fill(first);
    for (List<String> options : List.of(List.of("--vectors"), List.<String>of())) {
      Path exported = directory.resolve(first + options.size() + ".ndjson");
      Path again = directory.resolve(second + options.size() + ".ndjson");

      assertThat(export(options, first, exported.toString()))
          .isEqualTo("exit 0\nout:\n" + exported + "  6 documents\nerr:\n");
      assertThat(sheaf("import", exported.toString(), "--collection", second))
          .isEqualTo(
              options.isEmpty()
                  ? counts(
                      exported, "6 read: 0 created, 0 updated, 6 unchanged, 0 replaced, 0 failed")
                  : counts(
                      exported, "6 read: 6 created, 0 updated, 0 unchanged, 0 replaced, 0 failed"));
      export(options, second, again.toString());

      assertThat(again).hasSameBinaryContentAs(exported);
      assertThat(sheaf("import", exported.toString(), "--collection", first))
          .isEqualTo(
              counts(exported, "6 read: 0 created, 0 updated, 6 unchanged, 0 replaced, 0 failed"));
    }
    for (String question : List.of("ebb and flow", "a lighthouse by night", "sleepy pets")) {
      assertThat(hits(second, question)).isEqualTo(hits(first, question)).isNotEmpty();
    }
  }

  /// Documents from every kind of upload.
  private static void fill(String collection) {
    Api.put(
            collection,
            "long",
            Map.of(
                "text",
                "  Chapter one.\n\n\n"
                    + "The lighthouse keeper counted the ships\tand the gulls – 😀 each evening.  \r\n"
                        .repeat(120)
                    + "\n The end. \n",
                "title",
                "A \"long\" one",
                "uri",
                "https://example.org/long?a=b",
                "metadata",
                Map.of("price", 1.10, "tags", List.of("a", "ключ"), "deep", Map.of("n", 1))))
        .statusCode(201);
    Api.put(collection, "short", Map.of("text", "The tide comes in twice a day.")).statusCode(201);
    Api.put(
            collection,
            "chunks/without vectors",
            Map.of(
                "chunks",
                List.of(Map.of("text", "A cat sleeps. "), Map.of("text", "\nSo does a dog.\n"))))
        .statusCode(201);
    Api.put(collection, "one chunk", Map.of("chunks", List.of(Map.of("text", "A hamster wakes."))))
        .statusCode(201);
    List<Float> vector = IntStream.range(0, 384).mapToObj(i -> (float) Math.sin(i)).toList();
    Api.put(
            collection,
            "given",
            Map.of("chunks", List.of(Map.of("text", "Given.", "vector", vector))))
        .statusCode(201);
    Api.put(
            collection,
            "\u00e9\\\"'$1",
            Map.of(
                "chunks",
                List.of(
                    Map.of("text", "Given, too.", "vector", vector),
                    Map.of("text", "As well.", "vector", vector.reversed()))))
        .statusCode(201);
  }

  private static String hits(String collection, String question) {
    return Api.search(collection, Map.of("text", question, "limit", 5))
        .extract()
        .jsonPath()
        .getString("hits");
  }

  private String export(List<String> options, String... arguments) {
    List<String> all = new ArrayList<>(List.of("export"));
    all.addAll(Arrays.asList(arguments));
    all.addAll(options);
    return sheaf(all.toArray(String[]::new));
  }

  private static String counts(Path file, String counts) {
    return "exit 0\nout:\n" + file + "  " + counts + "\nerr:\n";
  }

  @Test
  void linesMayBeCompressedAndComeFromStdin() throws IOException {
    String first = vectors();
    String second = vectors();
    Path file = lines("a.ndjson", 3);
    Path compressed = directory.resolve("a.ndjson.gz");
    sheaf("import", file.toString(), "--collection", first);

    assertThat(sheaf("export", first, compressed.toString()))
        .isEqualTo("exit 0\nout:\n" + compressed + "  3 documents\nerr:\n");
    assertThat(sheaf("export", first, compressed.toString()))
        .isEqualTo(
            "exit 1\nout:\nerr:\nsheaf: %s already exists\n  delete it, or choose another file\n"
                .formatted(compressed));
    assertThat(sheaf("import", compressed.toString(), "--collection", second))
        .isEqualTo(
            counts(compressed, "3 read: 3 created, 0 updated, 0 unchanged, 0 replaced, 0 failed"));
    String exported;
    try (var in = new GZIPInputStream(Files.newInputStream(compressed))) {
      exported = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(sheaf("export", second)).isEqualTo("exit 0\nout:\n" + exported + "err:\n");

    InputStream stdin = System.in;
    try {
      System.setIn(new ByteArrayInputStream(Files.readAllBytes(compressed)));
      assertThat(sheaf("import", "-", "--collection", second))
          .isEqualTo(
              "exit 0\nout:\nstdin  3 read: 0 created, 0 updated, 3 unchanged, 0 replaced, 0 failed\nerr:\n");
    } finally {
      System.setIn(stdin);
    }
  }

  @Test
  void rejectedLinesAreReported() throws IOException {
    String collection = vectors();
    Path file = lines("a.ndjson", 2);
    Files.writeString(
        file,
        """
        ?
        {"id": "wide", "chunks": [{"text": "a", "vector": [1, 2, 3]}]}
        """,
        StandardOpenOption.APPEND);

    assertThat(sheaf("import", file.toString(), "--collection", collection))
        .isEqualTo(
            """
            exit 1
            out:
            %1$s  4 read: 2 created, 0 updated, 0 unchanged, 0 replaced, 2 failed
            err:
            %1$s:3: Unexpected character ? (line 1, column 1).
            %1$s:4: wide: chunks[0].vector has 3 dimensions, but the model has 2.
            """
                .formatted(file));
    assertThat(sheaf("import", file.toString(), "--collection", collection, "--json"))
        .isEqualTo(
            """
            exit 1
            out:
            [ {
              "file" : "%1$s",
              "read" : 4,
              "created" : 0,
              "updated" : 0,
              "unchanged" : 2,
              "replaced" : 0,
              "failed" : 2,
              "refusals" : [ {
                "place" : "%1$s:3",
                "detail" : "Unexpected character ? (line 1, column 1)."
              }, {
                "place" : "%1$s:4",
                "id" : "wide",
                "detail" : "chunks[0].vector has 3 dimensions, but the model has 2."
              } ]
            } ]
            err:
            """
                .formatted(file));
  }

  @Test
  void aJobIsFollowedToItsEnd() throws IOException {
    String collection = vectors();
    Path file = lines("a.ndjson", 2_500);
    Files.writeString(file, "?\n", StandardOpenOption.APPEND);

    String said = sheaf("import", file.toString(), "--collection", collection, "--async");

    assertThat(said.replaceAll("job \\d+", "job ID"))
        .isEqualTo(
            """
            exit 1
            out:
            %1$s  2501 read: 2500 created, 0 updated, 0 unchanged, 0 replaced, 1 failed
            err:
            %1$s  is stored; job ID loads it, even if this command ends
            %1$s:2501: Unexpected character ? (line 1, column 1).
            """
                .formatted(file));
  }

  @Test
  void aLostResponseIsRetriedAndNothingIsLoadedTwice() throws IOException {
    String collection = vectors();
    Path file = lines("a.ndjson", 10);
    try (var network = new BadNetwork(base.getPort())) {
      assertThat(
              run(
                  "import",
                  file.toString(),
                  "--collection",
                  collection,
                  "--async",
                  "--server",
                  "http://localhost:" + network.port()))
          .startsWith("exit 0\n")
          .contains("retrying in 1.0 s", "10 read: 10 created");
    }
    assertThat(given().get("/api/v1/jobs").jsonPath().getList("collection"))
        .filteredOn(collection::equals)
        .hasSize(1);
  }

  @Test
  void aRepeatedRunWithTheSameKeyLoadsNothingAgain() throws IOException {
    String collection = vectors();
    Path file = lines("a.ndjson", 20_000);
    String[] command = {
      "import", file.toString(), "--collection", collection, "--idempotency-key", "nightly"
    };
    String first = sheaf(command);
    assertThat(first).contains("20000 created");

    // Otherwise all of them would be unchanged.
    assertThat(sheaf(command)).isEqualTo(first);
  }

  @Test
  void anExportWhoseReaderStopsFails() {
    String collection = vectors();
    Api.put(
        collection, "a", Map.of("chunks", List.of(Map.of("text", "a", "vector", List.of(1, 0)))));
    var closed =
        new Writer() {
          @Override
          public void write(char[] characters, int offset, int length) throws IOException {
            throw new IOException("Broken pipe");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    var err = new StringWriter();

    int exit =
        Cli.commandLine(new PrintWriter(closed), new PrintWriter(err, true))
            .execute("export", collection, "--server", "http://localhost:" + base.getPort());

    assertThat(exit).isEqualTo(1);
    assertThat(err)
        .hasToString(
            "sheaf: the export of %s failed: the reader has closed the pipe\n  the output is incomplete; run the command again\n"
                .formatted(collection));
  }

  @Test
  void filesAreDocuments() throws IOException {
    String collection = Api.newCollection();
    Path docs = Files.createDirectories(directory.resolve("docs/deep"));
    Files.writeString(docs.resolve("tides.md"), "\n# Tides #\n\n*The sea* comes & goes.\n");
    Files.writeString(docs.resolve("bom.txt"), "\uFEFFPlain words.\n");
    Files.write(docs.resolve("old.txt"), TIDES.getBytes(StandardCharsets.ISO_8859_1));
    Files.writeString(
        docs.resolve("page.html"),
        "<html><head><title>A &amp; page</title><script>no()</script></head><body>\n  <h1>Cats</h1>\n  <p>They   sleep.</p></body></html>");
    pdf(docs.resolve("paper.pdf"), "A paper", "The Moon pulls the sea.", null);
    pdf(docs.resolve("secret.pdf"), "x", "x", "password");
    pdf(docs.resolve("blank.pdf"), "x", "", null);
    Files.writeString(docs.resolve("torn.pdf"), "%PDF-1.7\n1 0 obj << /Type /Catalog");
    Files.write(docs.resolve("binary.txt"), new byte[] {1, 0, 2});
    Files.writeString(docs.resolve(".hidden.md"), "hidden");
    Files.writeString(docs.resolve("left.out"), "left out");
    lines("docs/deep/more.ndjson", 0);

    String said = sheaf("import", directory.resolve("docs").toString(), "--collection", collection);

    assertThat(said.replaceAll("(torn.pdf: cannot be read: ).*", "$1WHY"))
        .isEqualTo(
            """
            exit 1
            out:
            %1$s/more.ndjson  0 read: 0 created, 0 updated, 0 unchanged, 0 replaced, 0 failed
            9 files  9 read: 5 created, 0 updated, 0 unchanged, 0 replaced, 4 failed
            err:
            %1$s/binary.txt: cannot be read: it is neither text nor HTML nor PDF
            %1$s/blank.pdf: has no text; run OCR on scanned pages first
            %1$s/secret.pdf: is encrypted; decrypt it first
            %1$s/torn.pdf: cannot be read: WHY
            """
                .formatted(docs));
    document(collection, "deep/tides.md", "Tides", "\n# Tides #\n\n*The sea* comes & goes.\n");
    document(collection, "deep/bom.txt", null, "Plain words.\n");
    document(collection, "deep/old.txt", null, TIDES);
    document(collection, "deep/page.html", "A & page", "Cats\n\nThey sleep.");
    document(collection, "deep/paper.pdf", "A paper", "The Moon pulls the sea.");
    given()
        .get("/api/v1/collections/{collection}/documents/{id}", collection, "deep/page.html")
        .then()
        .body("uri", equalTo(docs.resolve("page.html").toUri().toString()));

    assertThat(
            sheaf(
                "import",
                directory.resolve("docs").toString(),
                "--collection",
                collection,
                "--include",
                "deep/*.{md,out}",
                "--exclude",
                "t*"))
        .isEqualTo(
            "exit 0\nout:\n%s/left.out  1 read: 1 created, 0 updated, 0 unchanged, 0 replaced, 0 failed\nerr:\n"
                .formatted(docs));
  }

  private static void document(String collection, String id, @Nullable String title, String text) {
    given()
        .get("/api/v1/collections/{collection}/documents/{id}", collection, id)
        .then()
        .statusCode(200)
        .body("title", equalTo(title))
        .body("text", equalTo(text));
  }

  private static void pdf(Path file, String title, String text, @Nullable String password)
      throws IOException {
    try (var pdf = new PDDocument()) {
      var page = new PDPage();
      pdf.addPage(page);
      pdf.getDocumentInformation().setTitle(title);
      try (var content = new PDPageContentStream(pdf, page)) {
        content.beginText();
        content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
        content.newLineAtOffset(100, 700);
        content.showText(text);
        content.endText();
      }
      if (password != null) {
        pdf.protect(new StandardProtectionPolicy(password, password, new AccessPermission()));
      }
      pdf.save(file.toFile());
    }
  }

  /// Only one document contains all words of the first query, and none those of the second.
  @Test
  void evaluatesSettingsSideBySide() throws IOException {
    String collection = vectors();
    Map.of("a", "tide moon", "b", "tide shore tide", "c", "moon")
        .forEach((id, text) ->
            Api.put(
                    collection,
                    id,
                    Map.of("chunks", List.of(Map.of("text", text, "vector", List.of(1, 2)))))
                .statusCode(201));
    Path file = directory.resolve("judgements.tsv");
    Files.writeString(file, "tide moon\ta\nshore moon\tb\t2\nshore moon\tc\ntide moon\tnone\t0\n");
    String all = "all={\"mode\": \"fulltext\", \"match\": \"all\"}";
    String any = "any={\"mode\": \"fulltext\", \"match\": \"any\"}";

    assertThat(sheaf("evaluate", collection, file.toString(), "--setting", all, "--setting", any))
        .isEqualTo(
            """
            exit 0
            out:
            SETTING  HIT@1  HIT@10  MRR@10  NDCG@10  RECALL@10  CHANGE OF NDCG             BETTER  WORSE
            all      0.500  0.500   0.500   0.500    0.500
            any      1.000  1.000   1.000   1.000    1.000      +0.500 (+0.000 to +1.000)  1       0
            any better  rank none to 1  shore moon
            err:
            """);
    assertThat(
            sheaf("evaluate", collection, file.toString(), "--setting", "x={\"mode\": \"words\"}"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: settings[0].mode must be one of vector, fulltext, hybrid.
            """);
    assertThat(sheaf("evaluate", collection, file.toString(), "--setting", "x=hybrid"))
        .startsWith("exit 1\nout:\nerr:\nsheaf: the setting x is not a JSON object: hybrid\n");
    assertThat(sheaf("evaluate", collection, file + "x"))
        .isEqualTo(
            "exit 1\nout:\nerr:\nsheaf: %sx does not exist\n  name the file of judgements\n"
                .formatted(file));
    assertThat(sheaf("evaluate", "nowhere", file.toString()))
        .isEqualTo("exit 1\nout:\nerr:\nsheaf: There is no collection named nowhere.\n");
  }

  @Test
  void reportsWhatDoesNotExist() throws IOException {
    String file = lines("a.ndjson", 1).toString();
    assertThat(sheaf("import", file, "--collection", "nowhere"))
        .isEqualTo("exit 1\nout:\nerr:\nsheaf: There is no collection named nowhere.\n");
    assertThat(sheaf("export", "nowhere"))
        .isEqualTo("exit 1\nout:\nerr:\nsheaf: There is no collection named nowhere.\n");
    assertThat(sheaf("export", vectors(), "--filter", "{\"a\": {\"$regex\": \"x\"}}"))
        .startsWith("exit 1\nout:\nerr:\nsheaf: Unknown operator $regex. ");
    assertThat(sheaf("import", file + "x", "--collection", "nowhere"))
        .isEqualTo("exit 1\nout:\nerr:\nsheaf: " + file + "x does not exist\n");
    assertThat(
            sheaf(
                "import",
                Files.createDirectory(directory.resolve("empty")).toString(),
                "--collection",
                "c"))
        .isEqualTo(
            "exit 1\nout:\nerr:\nsheaf: %s/empty has no files to import\n  select files with --include\n"
                .formatted(directory));
    assertThat(run("import", file, "--collection", "c", "--server", "http://localhost:1"))
        .isEqualTo(
            "exit 1\nout:\nerr:\nsheaf: cannot connect to Sheaf at http://localhost:1\n  check that the service is running, or name another with --server\n");
    assertThat(run("export", "c", "--server", "localhost:8080"))
        .isEqualTo(
            "exit 1\nout:\nerr:\nsheaf: localhost:8080 is not a valid service address\n  an example is http://localhost:8080\n");
    assertThat(run("import", file)).startsWith("exit 2\n").contains("--collection=NAME");
  }

  private static String vectors() {
    return Api.newCollection(Map.of("model", "none", "dimensions", 2));
  }

  private Path lines(String name, int count) throws IOException {
    return Files.writeString(
        directory.resolve(name),
        IntStream.range(0, count)
            .mapToObj(i ->
                "{\"id\":\"d%s\",\"chunks\":[{\"text\":\"text %s\",\"vector\":[1,%s]}]}\n"
                    .formatted(i, i, i))
            .collect(Collectors.joining()));
  }

  private String sheaf(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", "http://localhost:" + base.getPort()));
    return run(all.toArray(String[]::new));
  }

  private static String run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exit =
        Cli.commandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute(arguments);
    return CommandFixture.withoutProgress("exit " + exit + "\nout:\n" + out + "err:\n" + err);
  }

  /// A proxy that drops the response to the first POST.
  private static final class BadNetwork implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final AtomicBoolean lost = new AtomicBoolean();
    private final int target;

    BadNetwork(int target) throws IOException {
      this.target = target;
      Thread.ofVirtual().start(this::accept);
    }

    int port() {
      return server.getLocalPort();
    }

    private void accept() {
      while (!server.isClosed()) {
        try {
          Socket client = server.accept();
          Thread.ofVirtual().start(() -> pass(client));
        } catch (IOException closed) {
          return;
        }
      }
    }

    private void pass(Socket client) {
      var losing = new AtomicBoolean();
      try (client;
          var service = new Socket("localhost", target)) {
        Thread.ofVirtual().start(() -> ask(client, service, losing));
        byte[] buffer = new byte[8_192];
        InputStream in = service.getInputStream();
        for (int read = in.read(buffer); read >= 0 && !losing.get(); read = in.read(buffer)) {
          client.getOutputStream().write(buffer, 0, read);
        }
      } catch (IOException hungUp) {
        return;
      }
    }

    private void ask(Socket client, Socket service, AtomicBoolean losing) {
      try (service) {
        byte[] buffer = new byte[8_192];
        InputStream in = client.getInputStream();
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          String text = new String(buffer, 0, read, StandardCharsets.UTF_8);
          if (text.startsWith("POST ") && !lost.getAndSet(true)) {
            losing.set(true);
          }
          service.getOutputStream().write(buffer, 0, read);
        }
      } catch (IOException hungUp) {
        return;
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
