package dev.sheaf.ingestion;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The result of an upload.
///
/// @param errors the first lines that could not be stored, at most `sheaf.ingestion.kept-errors`
@Schema(name = "LoadResult")
record LoadResult(@JsonUnwrapped Counts counts, List<LineError> errors) {}
