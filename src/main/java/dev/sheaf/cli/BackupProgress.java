package dev.sheaf.cli;

import dev.sheaf.backup.BackupListener;
import dev.sheaf.backup.BackupResult;

/// Prints the progress of a backup, a restore or a verification.
final class BackupProgress implements BackupListener {

  private final Output output;

  BackupProgress(Output output) {
    this.output = output;
  }

  @Override
  public void progress(Progress progress) {
    output.say(progress.toString());
  }

  @Override
  public void note(String text) {
    output.say(text);
  }

  /// `14 tables, 1234 rows, 20160 bytes`.
  static String text(BackupResult backup) {
    return Output.count(backup.tables(), "table")
        + ", "
        + backup.rows()
        + " rows, "
        + backup.bytes()
        + " bytes";
  }
}
