package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.runtime.OperatorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Forwards the events of a migration to a listener, and records them for the [MigrationResult].
final class ResultRecorder implements MigrationListener {
  private final MigrationListener listener;
  private final long started = System.nanoTime();
  final List<MigrationResult.Executed> executed = new ArrayList<>();
  final List<OperatorException> problems = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  ResultRecorder(MigrationListener listener) {
    this.listener = listener;
  }

  MigrationResult result() {
    return new MigrationResult(
        executed, problems, notes, Duration.ofNanos(System.nanoTime() - started));
  }

  /// A changeset was recorded as applied or rolled back, without running it.
  void recorded(String changeset, Direction direction) {
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
  public void blocked(String changeset, Duration sofar, String sessions) {
    listener.blocked(changeset, sofar, sessions);
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
