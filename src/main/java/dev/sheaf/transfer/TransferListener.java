package dev.sheaf.transfer;

import java.time.Duration;

/// Receives the progress of a transfer.
public interface TransferListener {

  /// A part of the transfer is done.
  ///
  /// @param what kind of progress: `sent`, `loaded`, `written`
  /// @param done part of `total`, in the same unit
  /// @param total -1 if unknown
  void progress(String name, String what, long done, long total);

  /// The service has stored the upload, and loads it in a job.
  void stored(String name, long job);

  /// A request failed, and is retried after a pause.
  void retrying(String name, String why, Duration pause);
}
