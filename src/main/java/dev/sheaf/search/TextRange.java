package dev.sheaf.search;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// A part of the text of a hit.
///
/// @param start its first character, from 0; each code point of Unicode is one character
/// @param end the character after its last one
@Schema(name = "TextRange")
public record TextRange(int start, int end) {}
