package dev.sheaf.ingestion;

import com.fasterxml.jackson.databind.ObjectReader;
import dev.sheaf.document.DocumentContent;
import dev.sheaf.http.ProblemMapper;
import dev.sheaf.limits.MemoryBudget;
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

  /// With this size, the cost of the transaction per document is negligible, and a retry is fast.
  private static final int MAX_LINES = 2_000;

  static final long MAX_WEIGHT = 8_000_000;

  /// Factor for documents that a model must embed, so that their batches take seconds and not
  /// minutes.
  private static final int TEXT_WEIGHT = 32;

  private final LineReader lines;
  private final ObjectReader json;
  private final int maxLine;
  private final long maxWeight;
  private final UploadMemory memory;

  /// @param maxWeight of the short lines of a batch; at most [#MAX_WEIGHT]
  BatchReader(
      LineReader lines, ObjectReader json, int maxLine, long maxWeight, UploadMemory memory) {
    this.lines = lines;
    this.json = json;
    this.maxLine = maxLine;
    this.maxWeight = maxWeight;
    this.memory = memory;
  }

  /// @return `null` at the end of the upload
  /// @throws Problem `BODY_BROKEN_OFF` if the upload is incomplete
  @Nullable Batch next() {
    MemoryBudget.Account account = memory.open();
    try {
      Batch batch = next(account);
      if (batch == null) {
        account.close();
      }
      return batch;
    } catch (Throwable e) {
      account.close();
      throw e;
    }
  }

  private @Nullable Batch next(MemoryBudget.Account account) {
    var documents = new LinkedHashMap<String, DocumentContent>();
    var numbers = new HashMap<String, Long>();
    var errors = new ArrayList<LineError>();
    long replaced = 0;
    long weight = 0;
    long affordable = 0;
    int count = 0;
    boolean ended = true;
    // A blank line is no reason for a batch, but the client may send any number of them.
    while (count < MAX_LINES && weight < maxWeight) {
      if (weight > affordable) {
        // If memory is short, batches are small.
        long more = memory.tryReserve(account);
        if (more == 0) {
          break;
        }
        affordable += more;
      }
      LineReader.Line line = line(account);
      if (line == null) {
        break;
      }
      ended = false;
      byte[] bytes = line.bytes();
      if (bytes != null && line.isBlank()) {
        weight += bytes.length + 1;
        continue;
      }
      count++;
      if (bytes == null) {
        errors.add(LineError.of(line.number(), null, tooLong()));
        continue;
      }
      try {
        DocumentLine document = json.readValue(bytes);
        if (document == null) {
          throw new Problem(ProblemType.MALFORMED_JSON, "The line must be an object, not null.");
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
    return ended
        ? null
        : new Batch(
            documents,
            numbers,
            List.copyOf(errors),
            replaced,
            lines.number(),
            lines.position(),
            account);
  }

  private LineReader.@Nullable Line line(MemoryBudget.Account account) {
    try {
      return lines.next(memory.ofLine(account));
    } catch (IOException e) {
      throw new Problem(
          ProblemType.BODY_BROKEN_OFF,
          "The upload ended unexpectedly after line %s. Earlier lines may have been stored. Send the whole upload again; documents that are already stored do not change."
              .formatted(lines.number()));
    }
  }

  private Problem tooLong() {
    return new Problem(
        ProblemType.LINE_TOO_LONG,
        "The line has more than "
            + maxLine
            + " bytes. Send a smaller document, or raise sheaf.ingestion.max-line-size.");
  }
}
