package dev.sheaf.backup;

import java.time.Duration;
import java.util.Locale;

/// Hears how far a backup, a restore or a verification is.
public interface BackupListener {

  /// Hears nothing.
  BackupListener SILENT = new BackupListener() {};

  /// Called when a phase begins, and every few seconds while it lasts, from a thread of its own.
  default void progress(Progress progress) {}

  /// Something a person may want to know.
  default void note(String text) {}

  /// What is being done.
  enum Phase {
    /// The file is read against its seal.
    CHECKING,
    DUMPING,
    RESTORING,
    /// The restored rows are counted.
    COUNTING,
    /// The planner learns about the restored tables.
    ANALYZING
  }

  /// How far it is.
  ///
  /// @param tables whose rows are done
  /// @param ofTables how many there are; 0 when the phase has to do with none
  /// @param bytes written to the file, or read from it, in this phase
  /// @param ofBytes its size; 0 when that is not known yet
  /// @param sofar since the whole work began
  /// @param doing what takes its time now, such as `INDEX public.embedding_1_hnsw`; empty when that
  ///   is not known
  record Progress(
      Phase phase,
      int tables,
      int ofTables,
      long bytes,
      long ofBytes,
      Duration sofar,
      String doing) {

    /// `dumping: 3 of 12 tables, 45.2 MB, 12 s`.
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(phase.name().toLowerCase(Locale.ROOT)).append(": ");
      if (ofTables > 0) {
        text.append(tables).append(" of ").append(ofTables).append(" tables, ");
      }
      if (bytes > 0) {
        text.append(size(bytes)).append(ofBytes > 0 ? " of " + size(ofBytes) : "").append(", ");
      }
      text.append(sofar.toSeconds()).append(" s");
      return doing.isEmpty() ? text.toString() : text.append(", ").append(doing).toString();
    }

    private static String size(long bytes) {
      return bytes < 100_000
          ? bytes + " bytes"
          : String.format(Locale.ROOT, "%.1f MB", bytes / 1_000_000.0);
    }
  }
}
