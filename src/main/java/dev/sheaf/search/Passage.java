package dev.sheaf.search;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// A part of the text of a hit, with marked words.
///
/// @param start its first character, as in [TextRange]
/// @param end the character after its last one
/// @param html the words are between `<mark>` and `</mark>`, and everything else is escaped
@Schema(name = "Passage")
public record Passage(int start, int end, String html) {}
