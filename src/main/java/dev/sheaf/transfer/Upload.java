package dev.sheaf.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.LongConsumer;

/// What one request uploads: lines of JSON, a document each.
public interface Upload {

  /// What a person calls it.
  String name();

  /// Its length in bytes, as [#open] counts them; -1 when nobody knows.
  long size();

  /// Whether it can be opened again.
  boolean isRepeatable();

  /// Whether it is gzip.
  boolean isCompressed();

  /// Opens it, from its beginning.
  ///
  /// @param read told how many bytes of [#size] are read
  InputStream open(LongConsumer read) throws IOException;

  /// Where a line comes from, for a person.
  ///
  /// @param line from 1, of what was opened last
  String place(long line);

  /// What could not be made a line of, of what was opened last.
  List<Refusal> unread();
}
