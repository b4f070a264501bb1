package dev.sheaf.ingestion;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The numbers of lines of an upload, by outcome. `read` is the sum of the others, without
/// `unreadable`.
///
/// @param read lines read
/// @param created new documents
/// @param updated documents that differed from the stored ones
/// @param unchanged documents that did not differ
/// @param replaced lines that a later line of the same upload with the same id replaced
/// @param failed lines that could not be stored
/// @param unreadable documents that were embedded although most of the text is in a script that the
///   model does not know; absent if there are none
record Counts(
    long read,
    long created,
    long updated,
    long unchanged,
    long replaced,
    long failed,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) @Schema(nullable = true) long unreadable) {

  static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0);

  Counts plus(Counts other) {
    return new Counts(
        read + other.read,
        created + other.created,
        updated + other.updated,
        unchanged + other.unchanged,
        replaced + other.replaced,
        failed + other.failed,
        unreadable + other.unreadable);
  }
}
