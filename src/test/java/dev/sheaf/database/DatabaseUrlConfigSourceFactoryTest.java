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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  /// Variables, separated by spaces, and the datasource that results. `FILE` is a service file.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PGHOST=db PGDATABASE=docs                                          | db:5432/docs - -
          PGHOST=h1,h2 PGPORT=1,2 PGDATABASE=docs PGUSER=ann PGPASSWORD=a$${x}%b | h1:1,h2:2/docs ann a$${x}%b
          PGHOSTADDR=::1 PGHOST=db PGDATABASE=docs PGSSLMODE=require         | [::1]:5432/docs?sslmode=require - -
          PGHOST=db PGDATABASE=docs PGTARGETSESSIONATTRS=read-write PGSSLROOTCERT=/ca.pem PGCONNECT_TIMEOUT=3 | db:5432/docs?connectTimeout=3&sslrootcert=%2Fca.pem&targetServerType=primary - -
          PGSERVICE=shop PGSERVICEFILE=FILE                                  | h1:5432,h2:5433/docs?connectTimeout=3 ann p w
          PGSERVICE=shop PGSERVICEFILE=FILE PGUSER=bob PGPASSWORD=other PGSSLMODE=require | h1:5432,h2:5433/docs?connectTimeout=3&sslmode=require ann p w
          PGSERVICE=part PGSERVICEFILE=FILE PGHOST=db PGUSER=bob             | db:5432/parts bob -
          PGSERVICE=shop PGSYSCONFDIR=DIRECTORY PGSERVICEFILE=/nowhere       | h1:5432,h2:5433/docs?connectTimeout=3 ann p w
          DATABASE_URL=postgres:///other?service=shop PGSERVICEFILE=FILE     | h1:5432,h2:5433/other?connectTimeout=3 ann p w
          DATABASE_URL=postgres://eve@db?service=shop PGSERVICEFILE=FILE     | db:5432/docs?connectTimeout=3 eve p w
          DATABASE_URL=postgres://eve@db/docs PGHOST=other PGPORT=6543 PGUSER=bob PGPASSWORD=secret | db:6543/docs eve secret
          DATABASE_URL=postgres://eve:own@db:1/docs PGDATABASE=x PGPASSWORD=secret | db:1/docs eve own
          DATABASE_URL=postgres:///docs PGHOST=db PGUSER=bob                 | db:5432/docs bob -
          DB_URL=postgres://eve:own@db:1/docs DB_HOST=other                  | db:1/docs eve own
          DB_URL=postgres://eve:own@db:1/docs DATABASE_URL=postgres://eve:own@db:1/docs | db:1/docs eve own
          DATABASE_URL=postgres:///docs?host=db PGHOSTADDR=1.2.3.4           | db:5432/docs - -
          DB_HOST=db DB_NAME=docs PGHOST=other PGUSER=bob                    | db:5432/docs - -
          """)
  void whatPsqlReadsCompletesAnAddress(String variables, String datasource) throws IOException {
    assertThat(datasource(config(variables(variables))))
        .isEqualTo("jdbc:postgresql://" + datasource);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PGHOST=db                                      | the environment names a server of PostgreSQL, but no database - set PGDATABASE
          PGSERVICE=part PGSERVICEFILE=FILE              | the environment names a service of PostgreSQL, but no host - set PGHOST
          PGHOST=/var/run/postgresql PGDATABASE=docs     | the address of the database is a Unix-domain socket, which is not supported - connect through TCP
          PGSERVICE=sock PGSERVICEFILE=FILE              | the address of the database is a Unix-domain socket, which is not supported - connect through TCP
          DB_HOST=/tmp                                   | the address of the database is a Unix-domain socket, which is not supported - connect through TCP
          PGSERVICE=none PGSERVICEFILE=FILE              | the service none of the database is not defined - add a section [none] to FILE, or set PGSERVICEFILE
          PGSERVICE=wrong PGSERVICEFILE=FILE             | FILE, [wrong] is invalid: the parameter search_path is not supported - write currentSchema=NAME
          PGSERVICE=odd PGSERVICEFILE=FILE               | FILE: a line of [odd] has no = - write it as NAME=VALUE
          PGHOST=db PGDATABASE=docs PGSSLMODE=bogus      | PGSSLMODE is invalid: the parameter sslmode=bogus is not supported
          DATABASE_URL=postgres:///docs PGDATABASE=x     | DATABASE_URL is invalid: it has no host
          DATABASE_URL=postgres://db/docs DB_URL=postgres://db/other | DATABASE_URL and DB_URL name different databases
          """)
  void anIncompleteEnvironmentIsRefused(String variables, String problem) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> config(variables(variables)))
        .withMessageStartingWith(
            problem.replace("FILE,", serviceFile() + ",").replace("FILE:", serviceFile() + ":"));
  }

  private Path serviceFile() {
    return directory.resolve("pg_service.conf");
  }

  private Map<String, String> variables(String text) throws IOException {
    Files.writeString(
        serviceFile(),
        """
        # Services
        [part]
        dbname=parts

        [shop]
        host=h1,h2
        port=5432,5433
        dbname=docs
        # a comment
        user=ann
        password=p w
        connect_timeout=3
        [sock]
        host=/tmp
        dbname=docs
        [wrong]
        search_path=app
        [odd]
        host
        """);
    Map<String, String> variables = new HashMap<>();
    for (String variable :
        text.replace("=FILE", "=" + serviceFile())
            .replace("=DIRECTORY", "=" + directory)
            .split(" ", -1)) {
      int equals = variable.indexOf('=');
      variables.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    return variables;
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
