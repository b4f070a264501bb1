package dev.sheaf.backup;

import dev.sheaf.database.DatabaseAddress;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A process that begins a backup, says so, and never gets on with it.
final class HeldBackup {

  private HeldBackup() {}

  public static void main(String[] arguments) {
    new Backups()
        .backup(
            DatabaseAddress.parse(arguments[0]),
            Path.of(arguments[1]),
            new BackupListener() {
              @Override
              public void progress(Progress progress) {
                if (progress.phase() != BackupListener.Phase.DUMPING) {
                  return;
                }
                System.out.println(progress.phase());
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException _) {
                  Thread.currentThread().interrupt();
                }
              }
            });
  }
}
