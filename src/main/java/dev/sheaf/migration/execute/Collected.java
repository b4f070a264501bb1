package dev.sheaf.migration.execute;

import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.runtime.OperatorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Passes on what happens, and keeps it for the result.
public final class Collected implements MigrationListener {
  private final MigrationListener listener;
  private final long begun = System.nanoTime();
  public final List<MigrationResult.Executed> executed = new ArrayList<>();
  public final List<OperatorException> problems = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  public Collected(MigrationListener listener) {
    this.listener = listener;
  }

  public MigrationResult result() {
    return new MigrationResult(
        executed, problems, notes, Duration.ofNanos(System.nanoTime() - begun));
  }

  public void recorded(String changeset, Direction direction) {
    executed.add(new MigrationResult.Executed(changeset, direction, Duration.ZERO));
  }

  @Override
  public void waiting(String holder) {
    listener.waiting(holder);
  }

  @Override
  public void started(String changeset, Direction direction) {
    listener.started(changeset, direction);
  }

  @Override
  public void running(
      String changeset, Duration sofar, @Nullable String phase, @Nullable Double percent) {
    listener.running(changeset, sofar, phase, percent);
  }

  @Override
  public void finished(String changeset, Direction direction, Duration took) {
    listener.finished(changeset, direction, took);
  }

  @Override
  public void retrying(String changeset, int attempt, Duration pause, String why) {
    listener.retrying(changeset, attempt, pause, why);
  }

  @Override
  public void note(String text) {
    notes.add(text);
    listener.note(text);
  }
}
