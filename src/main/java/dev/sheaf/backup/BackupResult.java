package dev.sheaf.backup;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/// A backup that was taken, or restored.
///
/// @param file where it is
/// @param checksum its seal, the last 64 characters of the file
/// @param bytes its size
/// @param takenAt when its snapshot was taken, by the source's own clock
/// @param schema the changesets that were applied to the source
/// @param tables how many hold rows of their own
/// @param rows in all of them
/// @param duration how long it took
public record BackupResult(
    Path file,
    String checksum,
    long bytes,
    Instant takenAt,
    SchemaVersion schema,
    int tables,
    long rows,
    Duration duration) {

  static BackupResult of(BackupFile backup, Duration duration) {
    Manifest manifest = backup.manifest();
    return new BackupResult(
        backup.path(),
        backup.seal(),
        backup.bytes(),
        manifest.takenAt(),
        manifest.schema(),
        manifest.contents().rows().size(),
        manifest.contents().total(),
        duration);
  }
}
