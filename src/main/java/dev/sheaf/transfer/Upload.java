package dev.sheaf.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.LongConsumer;

/// The body of one upload request: JSON lines, one document each.
public interface Upload {

  /// The name in messages.
  String name();

  /// The length in bytes, as [#open] counts them; -1 if unknown.
  long size();

  /// Whether it can be opened again.
  boolean isRepeatable();

  /// Whether it is gzip.
  boolean isCompressed();

  /// Opens a stream from the beginning.
  ///
  /// @param progress receives the number of bytes of [#size] that are read
  InputStream open(LongConsumer progress) throws IOException;

  /// The origin of a line, for messages.
  ///
  /// @param line number of the line in the stream that was opened last, from 1
  String location(long line);

  /// The files that could not be read for the stream that was opened last.
  List<RejectedDocument> rejected();
}
