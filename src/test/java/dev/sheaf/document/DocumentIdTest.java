package dev.sheaf.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class DocumentIdTest {

  @Test
  void isTheSameForever() {
    // Computed independently: sha256 of 8 big-endian bytes of the collection and the UTF-8 of the
    // name.
    assertThat(DocumentId.of(7, "a/ü"))
        .isEqualTo(UUID.fromString("6feccff1-8120-8627-ada2-7031a4162cd1"));
  }

  @Test
  void isAVersion8UuidOfTheRfcsVariant() {
    UUID id = DocumentId.of(1, "x");

    assertThat(id.version()).isEqualTo(8);
    assertThat(id.variant()).isEqualTo(2);
  }

  @Test
  void differsByCollectionAndByName() {
    assertThat(DocumentId.of(1, "x"))
        .isNotEqualTo(DocumentId.of(2, "x"))
        .isNotEqualTo(DocumentId.of(1, "X"));
  }
}
