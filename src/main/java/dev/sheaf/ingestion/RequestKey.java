package dev.sheaf.ingestion;

import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.Hashes;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// The `Idempotency-Key` of an upload. Each caller has its own keys, in each collection.
///
/// @param caller as in [dev.sheaf.http.Caller#name]
/// @param key 1 to 255 printable ASCII characters
record RequestKey(String caller, String key) {

  private static final int MAX_LENGTH = 255;

  /// So that another operation can have keys of its own.
  private static final String OPERATION = "uploadDocuments";

  /// @throws Problem `INVALID_PARAMETER` if the key is not valid
  RequestKey {
    if (key.isEmpty()
        || key.length() > MAX_LENGTH
        || !key.chars().allMatch(c -> c > 31 && c < 127)) {
      throw Problem.parameter(
          "Idempotency-Key",
          "Idempotency-Key must have 1 to " + MAX_LENGTH + " printable ASCII characters.");
    }
  }

  /// The value in the table. A key contains no line feed.
  String stored() {
    byte[] scoped = String.join("\n", OPERATION, key, caller).getBytes(StandardCharsets.UTF_8);
    return "sha256:" + HexFormat.of().formatHex(Hashes.sha256().digest(scoped));
  }
}
