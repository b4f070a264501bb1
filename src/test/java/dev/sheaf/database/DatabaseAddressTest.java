package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.OperatorException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
  @ValueSource(
      strings = {
        "mysql://u:secret@h/a",
        "postgres://u:secret@h",
        "postgres://u:secret@h/",
        "postgres:///a?password=secret",
        "postgres://u:sec ret@h/a",
        "secret"
      })
  void whatIsNoUrlIsRefusedWithoutRepeatingIt(String url) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> DatabaseAddress.parse(url))
        .withMessageStartingWith("DATABASE_URL is invalid")
        .satisfies(e -> assertThat(e).hasMessageNotContainingAny("secret", "sec ret"));
  }
}
