package dev.sheaf.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeyTokenTest {

  private static final String SECRET = "0123456789abcdef".repeat(4);

  @Test
  void isReadAsItWasShown() {
    KeyToken key = KeyToken.random();

    assertThat(key.reveal()).matches("sheaf_[0-9a-f]{12}_[0-9a-f]{64}");
    assertThat(KeyToken.parse(key.reveal())).contains(key);
    assertThat(key.matches(key.hash())).isTrue();
    assertThat(KeyToken.random().matches(key.hash())).isFalse();
  }

  @Test
  void showsNoSecretByItself() {
    assertThat(new KeyToken("0123456789ab", SECRET)).hasToString("sheaf_0123456789ab");
  }

  @Test
  void isWholeOrNone() {
    assertThat(KeyToken.parse("sheaf_0123456789ab_" + SECRET)).isPresent();
    assertThat(KeyToken.parse("sheaf_0123456789ab_" + SECRET + "0")).isEmpty();
    assertThat(KeyToken.parse("sheaf_0123456789AB_" + SECRET)).isEmpty();
    assertThat(KeyToken.parse("sheaf_0123456789ab")).isEmpty();
    assertThat(KeyToken.parse("")).isEmpty();
  }
}
