package dev.sheaf;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A JVM of ar-EG writes other digits, and one of tr-TR other letters, unless it is told not to. A
/// database may have settings of its own. What Sheaf stores and says is the same everywhere.
class LocaleSoak {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String LINES =
      """
      {"id":"TIDES","text":"Spring tides come at new and full moon.","metadata":{"year":2001}}
      {"id":"bread","text":"Sourdough rises because wild yeast breathes out.","metadata":{"year":1931}}
      """;

  /// Settings that change how PostgreSQL reads and prints values, or that end sessions.
  private static final Map<String, String> DATABASE_SETTINGS =
      Map.ofEntries(
          Map.entry("standard_conforming_strings", "off"),
          Map.entry("statement_timeout", "'400ms'"),
          Map.entry("lock_timeout", "'1ms'"),
          Map.entry("idle_in_transaction_session_timeout", "'2s'"),
          Map.entry("idle_session_timeout", "'2s'"),
          Map.entry("default_transaction_isolation", "'serializable'"),
          Map.entry("bytea_output", "'escape'"),
          Map.entry("DateStyle", "'German, DMY'"),
          Map.entry("IntervalStyle", "'sql_standard'"),
          Map.entry("TimeZone", "'Asia/Kathmandu'"),
          Map.entry("extra_float_digits", "-15"),
          Map.entry("quote_all_identifiers", "on"),
          Map.entry("transform_null_equals", "on"),
          Map.entry("default_text_search_config", "'pg_catalog.german'"));

  @TempDir private Path directory;

  @Test
  void everyLocaleStoresAndSaysTheSame() throws Exception {
    List<String> english = outcome("en", "US", Map.of());

    assertThat(english).hasSizeGreaterThan(20);
    assertThat(outcome("ar", "EG", DATABASE_SETTINGS)).isEqualTo(english);
    assertThat(outcome("tr", "TR", Map.of())).isEqualTo(english);
  }

  private List<String> outcome(
      String language, String country, Map<String, String> databaseSettings) throws Exception {
    List<String> outcome = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create()) {
      for (Map.Entry<String, String> setting : databaseSettings.entrySet()) {
        database.execute(
            "ALTER DATABASE %s SET %s = %s"
                .formatted(database.address().database(), setting.getKey(), setting.getValue()));
      }
      Map<String, String> locale = Map.of("user.language", language, "user.country", country);
      try (SheafCommand up = SheafCommand.start(database, locale, "migrate", "up")) {
        assertThat(up.await()).as("%s", up.said()).isZero();
        up.said().forEach(line -> outcome.add(line.replaceAll("[0-9.]+ (ms|s)\\b", "TIME")));
      }
      Path schema = directory.resolve(language + ".sql");
      try (SheafCommand snapshot =
          SheafCommand.start(
              database, locale, "migrate", "snapshot", "--file", schema.toString())) {
        assertThat(snapshot.await()).as("%s", snapshot.said()).isZero();
      }
      outcome.addAll(Files.readAllLines(schema));
      Map<String, String> environment =
          Map.of(
              "JAVA_TOOL_OPTIONS",
              "-Duser.language=%s -Duser.country=%s".formatted(language, country),
              "SHEAF_EMBEDDING_MODEL",
              "bge-small-en-v1.5",
              "SHEAF_INDEX_CHECK_EVERY",
              "1s");
      try (SheafProcess sheaf = SheafProcess.start(database, environment)) {
        outcome.addAll(served(sheaf));
        await()
            .until(() ->
                !database
                    .query(
                        "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('document_1_number_year') AND indisvalid")
                    .isEmpty());
      }
      outcome.addAll(
          database.query(
              "SELECT concat_ws(' ', author, id, md5sum) FROM databasechangelog ORDER BY orderexecuted"));
      outcome.addAll(
          database.query(
              "SELECT concat_ws(' ', external_id, encode(content_hash, 'hex')) FROM document ORDER BY 1"));
      outcome.addAll(
          database.query(
              """
              SELECT replace(indexdef, '"', '')
                FROM pg_indexes
               WHERE schemaname = 'public'
               ORDER BY indexname
              """));
    }
    return outcome;
  }

  private static List<String> served(SheafProcess sheaf) throws Exception {
    List<String> answers = new ArrayList<>();
    HttpResponse<String> created =
        sheaf.send(
            "POST",
            "/api/v1/collections",
            "{\"name\":\"titles\",\"fields\":{\"year\":\"number\"}}");
    assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
    answers.add(
        sheaf
            .upload(
                "/api/v1/collections/titles/documents",
                Map.of(),
                new ByteArrayInputStream(LINES.getBytes(StandardCharsets.UTF_8)))
            .body());
    answers.add(
        sheaf
            .send(
                "PUT",
                "/api/v1/collections/titles/documents/moon",
                "{\"text\":\"The Moon keeps one face to the Earth.\"}")
            .body());
    JsonNode hits =
        JSON.readTree(
                sheaf
                    .send(
                        "POST",
                        "/api/v1/collections/titles/search",
                        "{\"text\":\"tides\",\"limit\":2,\"filter\":{\"year\":{\"$gte\":1931}}}")
                    .body())
            .path("hits");
    assertThat(hits).hasSize(2);
    answers.add(hits.toString());
    answers.add(
        sheaf
            .send("POST", "/api/v1/collections/titles/search", "{\"text\":\"tides\",\"limit\":0}")
            .body());
    return answers;
  }
}
