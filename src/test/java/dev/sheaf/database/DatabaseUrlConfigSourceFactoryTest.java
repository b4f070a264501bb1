package dev.sheaf.database;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.OperatorException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlConfigSourceFactoryTest {

  @TempDir private Path directory;

  @Test
  void aDatabaseUrlSetsTheDatasource() {
    SmallRyeConfig config =
        config(Map.of("DATABASE_URL", "postgres://ann:p%40ss@db:6543/docs?sslmode=require"));

    assertThat(datasource(config))
        .isEqualTo("jdbc:postgresql://db:6543/docs?sslmode=require ann p@ss");
  }

  @Test
  void soDoItsParts() {
    SmallRyeConfig config =
        config(
            Map.of(
                "DB_HOST",
                "db",
                "DB_PORT",
                "6543",
                "DB_NAME",
                "docs",
                "DB_USER",
                "ann",
                "DB_PASSWORD",
                "p@ss"));

    assertThat(datasource(config)).isEqualTo("jdbc:postgresql://db:6543/docs ann p@ss");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a${HOME}b",
        "a$$b",
        "a\\${x}b",
        "${x}",
        "$",
        "p@:/?#[]%w",
        "a\\b",
        "a,b",
        " ü ",
        "${",
        "\\$$"
      })
  void valuesAreLiteral(String password) throws IOException {
    Path file = Files.writeString(directory.resolve("password"), password + "\n");
    String url =
        "postgres://ann:" + URLEncoder.encode(password, UTF_8).replace("+", "%20") + "@db/docs";
    Path urlFile = Files.writeString(directory.resolve("url"), url + "\n");

    assertThat(
            List.of(
                config(Map.of("DB_HOST", "db", "DB_USER", "ann", "DB_PASSWORD", password)),
                config(Map.of("DATABASE_URL", url)),
                config(
                    Map.of(
                        "DATABASE_URL",
                        "postgres://ann@db/docs?password="
                            + URLEncoder.encode(password, UTF_8).replace("+", "%20"))),
                config(Map.of("DATABASE_URL_FILE", urlFile.toString()))))
        .extracting(config -> value(config, "quarkus.datasource.password"))
        .containsOnly(password);
    assertThat(
            value(
                config(Map.of("DB_HOST", "db", "DB_PASSWORD_FILE", file.toString())),
                "quarkus.datasource.password"))
        .isEqualTo(password.strip());
  }

  @Test
  void aValueAndAFileAreNotCombined() {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() ->
            config(
                Map.of("DB_HOST", "db", "DB_PASSWORD", "secret", "DB_PASSWORD_FILE", "/nowhere")))
        .withMessage("both DB_PASSWORD and DB_PASSWORD_FILE are set - remove one of them");
  }

  @Test
  void quarkusOwnSettingWins() {
    SmallRyeConfig config =
        config(
            Map.of(
                "DATABASE_URL", "postgres://ann:secret@db/docs",
                "quarkus.datasource.jdbc.url", "jdbc:postgresql://db:5432/docs?ssl=true"));

    assertThat(datasource(config)).isEqualTo("jdbc:postgresql://db:5432/docs?ssl=true - -");
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgres://ann:secret@db/other", "postgres://ann:secret@other/docs"})
  void twoDatabasesAreRejected(String url) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() ->
            config(
                Map.of(
                    "DATABASE_URL",
                    url,
                    "quarkus.datasource.jdbc.url",
                    "jdbc:postgresql://db/docs")))
        .withMessage(
            "two databases are configured: db:5432/docs by quarkus.datasource.jdbc.url, and %s by DATABASE_URL or DB_HOST - remove one of them from the environment, or set both to the same database"
                .formatted(url.endsWith("/other") ? "db:5432/other" : "other:5432/docs"));
  }

  @ParameterizedTest
  @ValueSource(ints = {DatabaseUrlConfigSourceFactory.NAMED_FILE, 400})
  void theCommandLineDecides(int ordinal) {
    SmallRyeConfig config =
        new SmallRyeConfigBuilder()
            .withSources(
                new PropertiesConfigSource(
                    Map.of("quarkus.datasource.jdbc.url", "jdbc:postgresql://other/docs"),
                    "a file",
                    ordinal))
            .withSources(
                new PropertiesConfigSource(
                    Map.of("DATABASE_URL", "postgres://ann:secret@db/docs"), "a test", 300))
            .addDefaultInterceptors()
            .withSources(new DatabaseUrlConfigSourceFactory())
            .withInterceptors(new LiteralValueInterceptor())
            .build();

    assertThat(datasource(config)).isEqualTo("jdbc:postgresql://other/docs - -");
  }

  @Test
  void nothingSaysNothing() {
    assertThat(datasource(config(Map.of()))).isEqualTo("- - -");
  }

  private static SmallRyeConfig config(Map<String, String> values) {
    return new SmallRyeConfigBuilder()
        .withSources(new PropertiesConfigSource(values, "a test", 300))
        .addDefaultInterceptors()
        .withSources(new DatabaseUrlConfigSourceFactory())
        .withInterceptors(new LiteralValueInterceptor())
        .build();
  }

  private static String datasource(SmallRyeConfig config) {
    return String.join(
        " ",
        value(config, "quarkus.datasource.jdbc.url"),
        value(config, "quarkus.datasource.username"),
        value(config, "quarkus.datasource.password"));
  }

  private static String value(SmallRyeConfig config, String name) {
    return config.getOptionalValue(name, String.class).orElse("-");
  }
}
