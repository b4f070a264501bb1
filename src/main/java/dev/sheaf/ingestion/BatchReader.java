package dev.sheaf.ingestion;

import com.fasterxml.jackson.databind.ObjectReader;
import dev.sheaf.document.DocumentContent;
import dev.sheaf.http.ProblemMapper;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads an upload batch by batch.
final class BatchReader {

  /// A transaction of this size costs next to nothing for each document, and is soon done again.
  private static final int MAX_LINES = 2_000;

  private static final long MAX_WEIGHT = 8_000_000;

  /// What a model has to embed weighs more than its bytes, so that a batch of texts takes seconds,
  /// too, and not a minute.
  private static final int TEXT_WEIGHT = 32;

  private final LineReader lines;
  private final ObjectReader json;
  private final int maxLine;

  BatchReader(LineReader lines, ObjectReader json, int maxLine) {
    this.lines = lines;
    this.json = json;
    this.maxLine = maxLine;
  }

  /// @return `null` at the end of the upload
  /// @throws Problem `BODY_BROKEN_OFF` when it cannot be read to its end
  @Nullable Batch next() {
    var documents = new LinkedHashMap<String, DocumentContent>();
    var numbers = new HashMap<String, Long>();
    var errors = new ArrayList<LineError>();
    long replaced = 0;
    long weight = 0;
    int count = 0;
    for (; count < MAX_LINES && weight < MAX_WEIGHT; count++) {
      LineReader.Line line = line();
      if (line == null) {
        break;
      }
      if (line.isBlank()) {
        continue;
      }
      byte[] bytes = line.bytes();
      if (bytes == null) {
        errors.add(LineError.of(line.number(), null, tooLong()));
        continue;
      }
      try {
        DocumentLine document = json.readValue(bytes);
        if (document == null) {
          throw new Problem(ProblemType.MALFORMED_JSON, "the line must be an object, and is null");
        }
        DocumentContent content = document.content();
        weight += (long) bytes.length * (document.needsModel() ? TEXT_WEIGHT : 1);
        replaced += documents.put(document.id(), content) == null ? 0 : 1;
        numbers.put(document.id(), line.number());
      } catch (IOException | Problem e) {
        weight += bytes.length;
        errors.add(
            LineError.of(line.number(), DocumentLine.idOf(json, bytes), ProblemMapper.problem(e)));
      }
    }
    return count == 0
        ? null
        : new Batch(
            documents, numbers, List.copyOf(errors), replaced, lines.number(), lines.position());
  }

  private LineReader.@Nullable Line line() {
    try {
      return lines.next();
    } catch (IOException e) {
      throw new Problem(
          ProblemType.BODY_BROKEN_OFF,
          "it broke off after line %s: %s; lines before it may have been stored, and sending them again does no harm"
              .formatted(lines.number(), e.getMessage()));
    }
  }

  private Problem tooLong() {
    return new Problem(
        ProblemType.LINE_TOO_LONG,
        "the line has more than " + maxLine + " bytes (sheaf.ingestion.max-line-size)");
  }
}
