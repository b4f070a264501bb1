package dev.sheaf.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredMetadataTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e1000",
        "-1e1000",
        "1e-1000",
        "-1.25e-900",
        "123456e400",
        "0.1",
        "-0.0",
        "0",
        "100",
        "7",
        "1.50",
        "1e1000000",
        "12345.6789e100",
        "-90909e-50"
      })
  void isTheSameNumber(String number) {
    var value = new BigDecimal(number);

    assertThat(new BigDecimal(StoredMetadata.withExponent(value.toPlainString())))
        .isEqualByComparingTo(value);
  }

  @Test
  void isShort() {
    assertThat(StoredMetadata.withExponent(new BigDecimal("1e1000").toPlainString()))
        .isEqualTo("1E1000");
    assertThat(StoredMetadata.withExponent(new BigDecimal("-2.5e-1000").toPlainString()))
        .isEqualTo("-25E-1001");
  }
}
