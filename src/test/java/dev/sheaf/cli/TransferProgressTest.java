package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TransferProgressTest {

  private final StringWriter err = new StringWriter();
  private Instant now = Instant.EPOCH;

  private TransferProgress progress(boolean terminal, boolean json, boolean quiet) {
    PrintWriter words = new PrintWriter(err, true);
    return new TransferProgress(
        new Output(new PrintWriter(new StringWriter()), words, json, quiet),
        terminal,
        words,
        () -> now);
  }

  private void run(TransferProgress progress) {
    for (int done = 0; done <= 100; done += 25) {
      progress.progress("a.ndjson", "sent", done, 100);
      now = now.plus(Duration.ofSeconds(3));
    }
    progress.progress("stdin", "sent", 2_500_000, -1);
    progress.clear();
  }

  @Test
  void isABarOnATerminal() {
    run(progress(true, false, false));

    assertThat(err.toString().replace("\r\033[K", "|"))
        .isEqualTo(
            "|a.ndjson  [######                  ]  25% sent"
                + "|a.ndjson  [############            ]  50% sent"
                + "|a.ndjson  [##################      ]  75% sent"
                + "|a.ndjson  [########################] 100% sent"
                + "|stdin  2 MB sent|");
  }

  @Test
  void isALineEveryFewSecondsOtherwise() {
    run(progress(false, false, false));

    assertThat(err.toString()).isEqualTo("a.ndjson  50% sent\na.ndjson  100% sent\n");
  }

  @Test
  void isNotPrintedWithJson() {
    run(progress(false, true, false));
    run(progress(false, false, true));

    assertThat(err.toString()).isEmpty();
  }
}
