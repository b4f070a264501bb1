package dev.sheaf.ingestion;

import dev.sheaf.limits.MemoryBudget;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The memory of uploads: an upload reserves its buffers until its end, and each batch what its
/// lines need until it is written. So an upload that waits for its client needs little.
record UploadMemory(MemoryBudget budget) {

  /// A batch waits while other uploads write their long lines.
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// A line is in memory as bytes, as the parser's segments and as a string of up to two bytes for
  /// a byte.
  private static final int LINE_COST = 6;

  /// A line that arrives is in a buffer that is at most twice as long.
  private static final int ARRIVING_COST = 2;

  /// Half of what two batches need, for each byte of their lines: one that is read, and one that is
  /// written.
  private static final double BATCH_COST = 1.5;

  /// A batch reserves its memory in this many steps.
  private static final int STEPS = 8;

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

  /// An empty account for the lines of a batch.
  MemoryBudget.Account open() {
    return budget.openForLong();
  }

  /// Reserves what an upload needs until its end.
  ///
  /// @throws dev.sheaf.problem.Problem `OVERLOADED` if the memory is not available in time
  MemoryBudget.Account openForUpload() {
    MemoryBudget.Account account = budget.openForLong();
    account.reserve(BUFFERS);
    return account;
  }

  /// Reserves memory for further lines of a batch.
  ///
  /// @return the weight of the lines; 0 if the memory is not available now
  long tryReserve(MemoryBudget.Account account) {
    long weight = Math.max(1, maxWeight() / STEPS);
    return account.tryReserve((long) (weight * BATCH_COST)) ? weight : 0;
  }

  /// Reserves memory for a line if it is long. While it waits for more, it keeps only what the part
  /// that has arrived needs. Otherwise two uploads of long lines would wait for each other.
  ///
  /// It throws `OVERLOADED` if the memory is not available in time.
  LineReader.LongLines ofLine(MemoryBudget.Account account) {
    return new LineReader.LongLines() {
      private MemoryBudget.@Nullable Reservation reserved;
      private int arrived;

      @Override
      public void reserve(int bytes) {
        if (reserved != null) {
          reserved.shrink((long) arrived * ARRIVING_COST);
        }
        reserved = account.reserve((long) bytes * LINE_COST, PATIENCE);
        arrived = bytes;
      }
    };
  }
}
