package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.OperatorException;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseAddressTest {

  @Test
  void readsEveryPartOfAUrl() {
    DatabaseAddress address =
        DatabaseAddress.parse(
            "postgres://us%40er:p%2Fa%3Ass+1@db.example:6543/my%20docs?sslmode=require");

    assertThat(address.jdbcUrl())
        .isEqualTo("jdbc:postgresql://db.example:6543/my+docs?sslmode=require");
    assertThat(address.user()).isEqualTo("us@er");
    assertThat(address.password()).isEqualTo("p/a:ss+1");
    assertThat(address.host()).isEqualTo("db.example");
    assertThat(address.port()).isEqualTo("6543");
    assertThat(address.database()).isEqualTo("my docs");
  }

  @Test
  void anUnknownModeOfTlsIsNamed() {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> new DatabaseAddress("jdbc:postgresql://h:1/a?sslmode=bogus", "ann", null))
        .withMessage(
            "the address of the database has sslmode=bogus, which does not exist"
                + " - the modes are [allow, disable, prefer, require, verify-ca, verify-full]");
  }

  @Test
  void portAndCredentialsMayBeMissing() {
    DatabaseAddress address = DatabaseAddress.parse("postgresql://localhost/sheaf");

    assertThat(address.jdbcUrl()).isEqualTo("jdbc:postgresql://localhost:5432/sheaf");
    assertThat(address.user()).isNull();
    assertThat(address.password()).isNull();
  }

  @Test
  void anIpv6HostKeepsItsBrackets() {
    assertThat(DatabaseAddress.parse("postgres://[::1]:5433/sheaf").jdbcUrl())
        .isEqualTo("jdbc:postgresql://[::1]:5433/sheaf");
  }

  @Test
  void anotherDatabaseOfTheSameServerKeepsTheRest() {
    assertThat(
            DatabaseAddress.parse("postgres://u:p@h:1/a?sslmode=require")
                .withDatabase("b")
                .jdbcUrl())
        .isEqualTo("jdbc:postgresql://h:1/b?sslmode=require");
  }

  @Test
  void severalHostsAreKept() {
    DatabaseAddress address =
        new DatabaseAddress(
            "jdbc:postgresql://a:5432,[::1]/docs?targetServerType=primary", "ann", null);

    assertThat(address).hasToString("ann@a:5432,[::1]:5432/docs");
    assertThat(address.withDatabase("b").jdbcUrl())
        .isEqualTo("jdbc:postgresql://a:5432,[::1]:5432/b?targetServerType=primary");
  }

  @Test
  void itsTextHoldsNoPassword() {
    assertThat(DatabaseAddress.parse("postgres://ann:secret@h/a")).hasToString("ann@h:5432/a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          postgres://u:p@my_db:5432/x                    | my_db:5432/x
          postgres://h1:5432,h2/x                        | h1:5432,h2:5432/x
          postgresql:///x?host=h1,h2&port=1,2            | h1:1,h2:2/x
          postgres:///x?hostaddr=::1&user=ann            | [::1]:5432/x
          postgres://u:a#b?c@h/x                         | h:5432/x
          jdbc:postgresql://h:1/x?user=u&password=p      | h:1/x
          postgres://h/?dbname=x                         | h:5432/x
          postgres://h/x?sslmode=verify-full&sslrootcert=/ca.pem | h:5432/x?sslmode=verify-full&sslrootcert=%2Fca.pem
          postgres://h/x?sslmode=verify-full&sslrootcert=system  | h:5432/x?sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory
          postgres://h/x?channel_binding=require         | h:5432/x?channelBinding=require
          postgres://h1,h2/x?target_session_attrs=read-write | h1:5432,h2:5432/x?targetServerType=primary
          postgres://h/x?connect_timeout=3&gssencmode=disable&application_name=a%20b | h:5432/x?connectTimeout=3&gssEncMode=disable&ApplicationName=a+b
          postgres://h/x?currentSchema=app&options=-csearch_path%3Dapp | h:5432/x?currentSchema=app&options=-csearch_path%3Dapp
          """)
  void readsWhatLibpqReads(String url, String jdbc) {
    assertThat(DatabaseAddress.parse(url).jdbcUrl()).isEqualTo("jdbc:postgresql://" + jdbc);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          search_path=app           | the parameter search_path is not supported - write currentSchema=NAME
          schema=app                | the parameter schema is not supported - write currentSchema=NAME
          statement_timeout=1       | the parameter statement_timeout is not supported - remove it; a setting of the server is written options=-c%20NAME%3DVALUE
          nosuchkey=1               | the parameter nosuchkey is not supported
          sslmode=bogus             | the parameter sslmode=bogus is not supported - the modes are [allow, disable, prefer
          target_session_attrs=rw   | the parameter target_session_attrs=rw is not supported - its values are [any,
          passfile=/p               | the parameter passfile is not supported - set PGPASSFILE
          service=x                 | the parameter service is not supported - set PGSERVICE
          sslmode                   | a parameter has no value
          """)
  void noParameterIsIgnored(String parameter, String problem) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> DatabaseAddress.parse("postgres://h/x?" + parameter))
        .withMessageStartingWith("DATABASE_URL is invalid: " + problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres:///a?host=/tmp&password=secret",
        "postgres:///a?host=h,@abstract&password=secret",
        "postgres://u:secret@%2Fvar%2Frun%2Fpostgresql/a"
      })
  void aUnixDomainSocketIsRefused(String url) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> DatabaseAddress.parse(url))
        .withMessageStartingWith(
            "the address of the database is a Unix-domain socket, which is not supported - connect through TCP")
        .satisfies(e -> assertThat(e).hasMessageNotContaining("secret"));
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> DatabaseAddress.of("/tmp", "5432", "a", null, null))
        .withMessageStartingWith("the address of the database is a Unix-domain socket");
  }

  /// Every character that ends the password of a URL, and what is left of it.
  @ParameterizedTest
  @ValueSource(strings = {"sec@ret", "sec/ret", "sec%ret", "sec:@ret", "sec/re:t", "sec/re@t"})
  void aRawCharacterInAPasswordGetsTheTip(String password) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> DatabaseAddress.parse("postgres://u:" + password + "@h_1/a"))
        .withMessageEndingWith("in a password, write @ : / ? # % as %40 %3A %2F %3F %23 %25")
        .satisfies(e -> assertThat(e).hasMessageNotContainingAny("sec", "ret", "re:t"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://u:secret@h/a",
        "postgres://u:secret@h",
        "postgres://u:secret@h/",
        "postgres:///a?password=secret",
        "postgres://h:secret/a",
        "secret"
      })
  void whatIsNoUrlIsRefusedWithoutRepeatingIt(String url) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> DatabaseAddress.parse(url))
        .withMessageStartingWith("DATABASE_URL is invalid")
        .satisfies(e -> assertThat(e).hasMessageNotContainingAny("secret", "sec ret"));
  }

  @Test
  void theEnvironmentOfPsqlCompletesAUrl() {
    SmallRyeConfig settings =
        new SmallRyeConfigBuilder()
            .withDefaultValues(Map.of("PGUSER", "bob", "PGPASSWORD", "secret", "PGHOST", "other"))
            .build();

    assertThat(DatabaseAddress.parse("postgres://ann@h/a", settings))
        .isEqualTo(new DatabaseAddress("jdbc:postgresql://h:5432/a", "ann", "secret"));
    assertThat(DatabaseAddress.parse("postgres://h/a", settings).user()).isEqualTo("bob");
  }
}
