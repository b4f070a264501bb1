package dev.sheaf.faults;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What clients did to one document and what they saw, with a check whether it is linearizable:
/// whether each operation can have happened at one moment between its request and its response.
///
/// The check is the search of Wing and Gong with the memory of Lowe ("Testing for linearizability",
/// 2017): it remembers which operations were placed together with the state that they led to.
/// Operations that need not have happened are tried last.
final class History {

  /// A document as clients see it; `null` where it does not exist.
  record State(String text, @Nullable String title) {}

  enum Kind {
    /// Replaces the document: `value` is its text, and it has no title.
    PUT,
    /// Sets the title.
    PATCH,
    DELETE,
    /// Reads it: by its id, or with a search.
    READ
  }

  enum Outcome {
    DONE,
    /// There was no such document.
    ABSENT,
    /// The response was lost, or it said that the service is unavailable. The operation happened at
    /// any later time, or never.
    UNKNOWN
  }

  /// @param value what was written
  /// @param seen the result of a read; `null` if there was no document
  /// @param begun by [System#nanoTime]
  /// @param ended by [System#nanoTime]; [Long#MAX_VALUE] if the outcome is unknown
  record Operation(
      Kind kind, String value, @Nullable State seen, Outcome outcome, long begun, long ended) {}

  /// The operations of known outcome that were placed, and the state that followed.
  private record Placed(BitSet known, @Nullable State state) {}

  private final Queue<Operation> operations = new ConcurrentLinkedQueue<>();

  void add(Operation operation) {
    // A read without a result says nothing.
    if (operation.kind() != Kind.READ || operation.outcome() != Outcome.UNKNOWN) {
      operations.add(operation);
    }
  }

  int size() {
    return operations.size();
  }

  /// All operations, by their begin.
  @Override
  public String toString() {
    return operations.stream()
        .sorted(Comparator.comparingLong(Operation::begun))
        .map(Operation::toString)
        .collect(Collectors.joining("\n"));
  }

  /// Whether some order of the operations explains all results.
  boolean isLinearizable() {
    // What must have happened comes first, so that the rest is placed only where it explains
    // something.
    List<Operation> sorted =
        operations.stream()
            .sorted(
                Comparator.comparing(
                        (Operation operation) -> operation.outcome() == Outcome.UNKNOWN)
                    .thenComparingLong(Operation::begun))
            .toList();
    return new Search(sorted).run();
  }

  /// The state after an operation.
  ///
  /// @return empty if it cannot have had its result in this state
  static Optional<Result> apply(Operation operation, @Nullable State state) {
    boolean mayBeAbsent = operation.outcome() != Outcome.DONE;
    boolean mayBePresent = operation.outcome() != Outcome.ABSENT;
    return switch (operation.kind()) {
      case PUT -> Optional.of(new Result(new State(operation.value(), null)));
      case READ ->
          Objects.equals(state, operation.seen())
              ? Optional.of(new Result(state))
              : Optional.empty();
      case PATCH, DELETE -> {
        if (state == null) {
          yield mayBeAbsent ? Optional.of(new Result(null)) : Optional.empty();
        }
        if (!mayBePresent) {
          yield Optional.empty();
        }
        yield Optional.of(
            new Result(
                operation.kind() == Kind.DELETE
                    ? null
                    : new State(state.text(), operation.value())));
      }
    };
  }

  /// @param state `null` if there is no document
  record Result(@Nullable State state) {}

  private static final class Search {

    /// First those whose outcome is known, each part by its begin.
    private final List<Operation> operations;

    private final int known;

    /// The operations of unknown outcome that were placed, too, each time that this was reached.
    private final Map<Placed, List<BitSet>> seen = new HashMap<>();

    private final BitSet placed = new BitSet();

    /// The choices so far: the operation, and the state before it.
    private final List<Choice> choices = new ArrayList<>();

    private record Choice(int operation, @Nullable State before) {}

    Search(List<Operation> operations) {
      this.operations = operations;
      this.known =
          (int) operations.stream().filter(one -> one.outcome() != Outcome.UNKNOWN).count();
    }

    /// A loop instead of recursion, because a history has thousands of operations.
    boolean run() {
      @Nullable State state = null;
      int from = 0;
      while (!isComplete()) {
        int next = next(from, state);
        if (next >= 0) {
          choices.add(new Choice(next, state));
          placed.set(next);
          state = apply(operations.get(next), state).orElseThrow().state();
          from = placed.nextClearBit(0);
        } else if (choices.isEmpty()) {
          return false;
        } else {
          Choice last = choices.removeLast();
          placed.clear(last.operation());
          state = last.before();
          from = last.operation() + 1;
        }
      }
      return true;
    }

    /// An operation of unknown outcome need not be placed.
    private boolean isComplete() {
      return placed.nextClearBit(0) >= known;
    }

    /// The next operation that may come now: it began before the first end of those that are left.
    private int next(int from, @Nullable State state) {
      long firstEnd = Long.MAX_VALUE;
      for (int i = placed.nextClearBit(0);
          i < known && operations.get(i).begun() <= firstEnd;
          i = placed.nextClearBit(i + 1)) {
        firstEnd = Math.min(firstEnd, operations.get(i).ended());
      }
      int i = placed.nextClearBit(from);
      while (i < operations.size()) {
        if (operations.get(i).begun() > firstEnd) {
          if (i >= known) {
            return -1;
          }
          i = placed.nextClearBit(known);
          continue;
        }
        Optional<Result> result = apply(operations.get(i), state);
        if (result.isPresent() && isNew(i, result.get().state())) {
          return i;
        }
        i = placed.nextClearBit(i + 1);
      }
      return -1;
    }

    /// Whether this was not tried with the same or fewer operations of unknown outcome. With fewer
    /// of them, at least as much is possible.
    private boolean isNew(int next, @Nullable State state) {
      BitSet all = (BitSet) placed.clone();
      all.set(next);
      List<BitSet> tried =
          seen.computeIfAbsent(new Placed(all.get(0, known), state), _ -> new ArrayList<>());
      BitSet unknown = all.get(known, operations.size());
      for (BitSet fewer : tried) {
        BitSet more = (BitSet) fewer.clone();
        more.andNot(unknown);
        if (more.isEmpty()) {
          return false;
        }
      }
      tried.add(unknown);
      return true;
    }
  }
}
