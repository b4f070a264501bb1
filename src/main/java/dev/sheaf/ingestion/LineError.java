package dev.sheaf.ingestion;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sheaf.problem.Problem;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A line that could not be stored.
///
/// @param line the line's number, from 1
/// @param id the document's id; `null` if it could not be read
/// @param type the type of the problem, as in `application/problem+json`
/// @param detail what was wrong and what to do
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "LineError")
record LineError(long line, @Nullable String id, String type, String detail) {

  private static final int MAX_LENGTH = 1_000;

  LineError {
    id = id == null ? null : storable(id);
    detail = storable(detail);
  }

  static LineError of(long line, @Nullable String id, Problem problem) {
    return new LineError(line, id, problem.type().uri(), problem.detail());
  }

  /// Both texts may quote input of the client of any length, with characters that PostgreSQL cannot
  /// store.
  private static String storable(String text) {
    return text.substring(0, Math.min(text.length(), MAX_LENGTH))
        .replaceAll("[\\x00\\p{Cs}]", "\uFFFD");
  }
}
