package dev.sheaf.contract;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/// A response of the service.
///
/// @param headers by their names in lower case; if a header is repeated, the last value
@SuppressWarnings("ArrayRecordComponent") // never compared
record Answer(int status, Map<String, String> headers, byte[] body) {

  /// The media type without parameters; empty if there is none.
  String type() {
    return headers.getOrDefault("content-type", "").split(";", 2)[0].strip();
  }

  @Override
  public String toString() {
    return status + " " + headers + "\n" + new String(body, StandardCharsets.UTF_8);
  }
}
