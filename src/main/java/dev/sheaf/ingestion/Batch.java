package dev.sheaf.ingestion;

import dev.sheaf.document.DocumentContent;
import dev.sheaf.limits.MemoryBudget;
import java.util.List;
import java.util.Map;

/// The lines of an upload that are written in one transaction.
///
/// @param documents by the client's id
/// @param lines the line number of each document, by the client's id
/// @param errors lines that are not valid documents
/// @param replaced number of lines that a later line of this batch with the same id replaced
/// @param line number of the last line
/// @param position offset of the next batch in the upload, in bytes
/// @param memory the memory of its lines, until the batch is written
record Batch(
    Map<String, DocumentContent> documents,
    Map<String, Long> lines,
    List<LineError> errors,
    long replaced,
    long line,
    long position,
    MemoryBudget.Account memory) {}
