package dev.sheaf.cli;

import dev.sheaf.migration.MigrationListener;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Prints the progress of a migration: a line of data per changeset, and for a long one a bar on a
/// terminal, or else a line every few seconds.
final class ProgressPrinter implements MigrationListener {

  private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

  private final Output output;
  private final boolean terminal;
  private final PrintWriter err;
  private boolean drawn;
  private Duration lastLine = Duration.ZERO;

  ProgressPrinter(Output output, boolean terminal, PrintWriter err) {
    this.output = output;
    this.terminal = terminal;
    this.err = err;
  }

  @Override
  public synchronized void waiting(String holder) {
    output.say("waiting for the schema lock, held by " + holder);
  }

  @Override
  public synchronized void started(String changeset, Direction direction) {
    lastLine = Duration.ZERO;
  }

  @Override
  public synchronized void running(
      String changeset, Duration sofar, @Nullable String phase, @Nullable Double percent) {
    String done = percent == null ? "" : String.format(Locale.ROOT, "%3.0f%%", percent);
    if (terminal) {
      String bar = percent == null ? "" : Output.bar(percent);
      err.print(
          "\r\033[K"
              + changeset
              + "  "
              + Output.text(sofar)
              + "  "
              + bar
              + " "
              + (phase == null ? "" : phase));
      err.flush();
      drawn = true;
    } else if (sofar.minus(lastLine).compareTo(BETWEEN_LINES) >= 0) {
      lastLine = sofar;
      output.say(
          (changeset
                  + " has been running for "
                  + Output.text(sofar)
                  + (phase == null ? "" : ", " + phase + " " + done))
              .stripTrailing());
    }
  }

  @Override
  public synchronized void blocked(String changeset, Duration sofar, String sessions) {
    clear();
    output.say(changeset + " waits for a lock, blocked by " + sessions);
  }

  private void clear() {
    if (drawn) {
      err.print("\r\033[K");
      err.flush();
      drawn = false;
    }
  }

  @Override
  public synchronized void finished(String changeset, Direction direction, Duration took) {
    clear();
    if (!output.isJson()) {
      output.data(
          "%-4s  %s  %s"
              .formatted(direction.name().toLowerCase(Locale.ROOT), changeset, Output.text(took)));
    }
  }

  @Override
  public synchronized void retrying(String changeset, int attempt, Duration pause, String why) {
    output.say(
        "%s: %s; attempt %s failed, retrying in %s"
            .formatted(changeset, why, attempt, Output.text(pause)));
  }

  @Override
  public synchronized void note(String text) {
    output.say(text);
  }
}
