package dev.sheaf.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeyTest {

  private static final String SECRET = "0123456789abcdef".repeat(4);

  @Test
  void isReadAsItWasShown() {
    Key key = Key.random();

    assertThat(key.reveal()).matches("sheaf_[0-9a-f]{12}_[0-9a-f]{64}");
    assertThat(Key.parse(key.reveal())).contains(key);
    assertThat(key.matches(key.hash())).isTrue();
    assertThat(Key.random().matches(key.hash())).isFalse();
  }

  @Test
  void showsNoSecretByItself() {
    assertThat(new Key("0123456789ab", SECRET)).hasToString("sheaf_0123456789ab");
  }

  @Test
  void isWholeOrNone() {
    assertThat(Key.parse("sheaf_0123456789ab_" + SECRET)).isPresent();
    assertThat(Key.parse("sheaf_0123456789ab_" + SECRET + "0")).isEmpty();
    assertThat(Key.parse("sheaf_0123456789AB_" + SECRET)).isEmpty();
    assertThat(Key.parse("sheaf_0123456789ab")).isEmpty();
    assertThat(Key.parse("")).isEmpty();
  }
}
