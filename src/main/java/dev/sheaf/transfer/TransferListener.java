package dev.sheaf.transfer;

import java.time.Duration;

/// Hears how a transfer gets on.
public interface TransferListener {

  /// Some of it is done.
  ///
  /// @param what was done: `sent`, `loaded`, `written`
  /// @param done of `total`, in whatever it is counted in
  /// @param total -1 when nobody knows
  void progress(String name, String what, long done, long total);

  /// A job was made of the upload, and goes on without this process.
  void stored(String name, long job);

  /// Something did not work, and is done again after a pause.
  void retrying(String name, String why, Duration pause);
}
