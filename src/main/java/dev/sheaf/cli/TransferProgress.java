package dev.sheaf.cli;

import dev.sheaf.transfer.TransferListener;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Prints the progress of a transfer: a bar on a terminal, or else a line every few seconds.
final class TransferProgress implements TransferListener {

  private static final Duration BETWEEN_BARS = Duration.ofMillis(100);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

  /// Moves to the beginning of the line and clears it.
  private static final String CLEAR = "\r\033[K";

  private final Output output;
  private final boolean terminal;
  private final PrintWriter err;
  private final InstantSource clock;
  private boolean drawn;
  private Instant last;

  TransferProgress(Output output, boolean terminal, PrintWriter err, InstantSource clock) {
    this.output = output;
    this.terminal = terminal;
    this.err = err;
    this.clock = clock;
    this.last = clock.instant();
  }

  @Override
  public synchronized void progress(String name, String what, long done, long total) {
    Instant now = clock.instant();
    if (output.isJson()
        || Duration.between(last, now).compareTo(terminal ? BETWEEN_BARS : BETWEEN_LINES) < 0) {
      return;
    }
    last = now;
    // A collection may grow while it is read.
    double percent = total <= 0 ? 0 : Math.min(100.0, 100.0 * done / total);
    if (terminal) {
      err.print(
          CLEAR + name + "  " + (total < 0 ? megabytes(done) : Output.bar(percent)) + " " + what);
      err.flush();
      drawn = true;
    } else {
      output.say(
          "%s  %s %s"
              .formatted(name, total < 0 ? megabytes(done) : Math.round(percent) + "%", what));
    }
  }

  @Override
  public synchronized void stored(String name, long job) {
    clear();
    output.say("%s  is stored; job %s loads it, even if this command ends".formatted(name, job));
  }

  @Override
  public synchronized void retrying(String name, String why, Duration pause) {
    clear();
    output.say("%s  %s; retrying in %s".formatted(name, why, Output.text(pause)));
  }

  private static String megabytes(long bytes) {
    return bytes / 1_000_000 + " MB";
  }

  /// Clears the bar.
  synchronized void clear() {
    if (drawn) {
      err.print(CLEAR);
      err.flush();
      drawn = false;
    }
  }
}
