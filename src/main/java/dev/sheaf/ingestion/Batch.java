package dev.sheaf.ingestion;

import dev.sheaf.document.DocumentContent;
import java.util.List;
import java.util.Map;

/// As many lines as are written in one transaction.
///
/// @param documents by the client's id
/// @param lines where each document stood
/// @param errors lines that are no document
/// @param replaced how many lines another one of this batch took the place of
/// @param line the number of the last line
/// @param position where the next batch begins, in bytes from the beginning of the upload
record Batch(
    Map<String, DocumentContent> documents,
    Map<String, Long> lines,
    List<LineError> errors,
    long replaced,
    long line,
    long position) {}
