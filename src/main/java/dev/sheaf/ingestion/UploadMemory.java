package dev.sheaf.ingestion;

import dev.sheaf.limits.MemoryBudget;
import java.time.Duration;

/// The memory of uploads: each reserves what two batches of short lines need, and each long line
/// what it needs until its batch is written.
record UploadMemory(MemoryBudget budget) {

  /// A batch waits while other uploads write their long lines.
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// A line is in memory as bytes, as the parser's segments and as a string of up to two bytes for
  /// a byte.
  private static final int LINE_COST = 6;

  /// A batch in memory, for each byte of its lines, and another one that is being written.
  private static final int BATCHES_COST = 3;

  private static final long BUFFERS = 512 * 1024;

  /// So that all uploads together leave most of the memory to others.
  private static final int SHARE = 48;

  /// The largest weight of a batch.
  long maxWeight() {
    return Math.min(BatchReader.MAX_WEIGHT, budget.largest() / SHARE);
  }

  /// The longest line that the memory suffices for.
  long maxLine() {
    return budget.largest() / LINE_COST;
  }

  /// An empty account for the long lines of a batch.
  MemoryBudget.Account open() {
    return budget.open();
  }

  /// Reserves what an upload needs until its end.
  ///
  /// @throws dev.sheaf.problem.Problem `OVERLOADED` if the memory is not available in time
  MemoryBudget.Account openForUpload() {
    MemoryBudget.Account account = budget.open();
    account.reserve(BUFFERS + maxWeight() * BATCHES_COST);
    return account;
  }

  /// Reserves memory for a long line.
  ///
  /// @throws dev.sheaf.problem.Problem `OVERLOADED` if the memory is not available in time
  void reserve(MemoryBudget.Account account, int bytes) {
    account.reserve((long) bytes * LINE_COST, PATIENCE);
  }
}
