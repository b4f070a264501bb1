package dev.sheaf.transfer;

import org.jspecify.annotations.Nullable;

/// A document that was not stored.
///
/// @param place the file, with the number of the line where it has several
/// @param id where it could be read
/// @param detail what was wrong and what to do
public record Refusal(String place, @Nullable String id, String detail) {}
