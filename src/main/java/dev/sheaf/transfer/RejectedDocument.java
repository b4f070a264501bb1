package dev.sheaf.transfer;

import org.jspecify.annotations.Nullable;

/// A document that was not stored.
///
/// @param place the file, with the line number in a file of lines
/// @param id the document's id; `null` if it could not be read
/// @param detail what was wrong and what to do
public record RejectedDocument(String place, @Nullable String id, String detail) {}
