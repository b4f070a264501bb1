package dev.sheaf.faults;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What clients did to one document and what they saw, with a check whether it is linearizable:
/// whether each operation can have happened at one moment between its request and its response.
///
/// The check is the search of Wing and Gong with the memory of Lowe ("Testing for linearizability",
/// 2017): it remembers which operations were placed together with the state that they led to.
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

  private record Placed(BitSet operations, @Nullable State state) {}

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

  /// The operations in an order that explains all results, or empty if there is none.
  Optional<List<Operation>> linearized() {
    List<Operation> sorted =
        operations.stream().sorted(Comparator.comparingLong(Operation::begun)).toList();
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

    private final List<Operation> operations;
    private final Set<Placed> seen = new HashSet<>();
    private final BitSet placed = new BitSet();
    private final List<Operation> order = new ArrayList<>();

    /// The choices so far: the operation, and the state before it.
    private final List<Choice> choices = new ArrayList<>();

    private record Choice(int operation, @Nullable State before) {}

    Search(List<Operation> operations) {
      this.operations = operations;
    }

    /// A loop instead of recursion, because a history has thousands of operations.
    Optional<List<Operation>> run() {
      @Nullable State state = null;
      int from = 0;
      while (!isComplete()) {
        int next = next(from, state);
        if (next >= 0) {
          choices.add(new Choice(next, state));
          placed.set(next);
          order.add(operations.get(next));
          state = apply(operations.get(next), state).orElseThrow().state();
          from = placed.nextClearBit(0);
        } else if (choices.isEmpty()) {
          return Optional.empty();
        } else {
          Choice last = choices.removeLast();
          placed.clear(last.operation());
          order.removeLast();
          state = last.before();
          from = last.operation() + 1;
        }
      }
      return Optional.of(order);
    }

    /// An operation of unknown outcome need not be placed.
    private boolean isComplete() {
      for (int i = placed.nextClearBit(0); i < operations.size(); i = placed.nextClearBit(i + 1)) {
        if (operations.get(i).outcome() != Outcome.UNKNOWN) {
          return false;
        }
      }
      return true;
    }

    /// The next operation that may come now: it began before the first end of those that are left.
    private int next(int from, @Nullable State state) {
      long firstEnd = Long.MAX_VALUE;
      for (int i = placed.nextClearBit(0);
          i < operations.size() && operations.get(i).begun() <= firstEnd;
          i = placed.nextClearBit(i + 1)) {
        firstEnd = Math.min(firstEnd, operations.get(i).ended());
      }
      for (int i = placed.nextClearBit(from);
          i < operations.size() && operations.get(i).begun() <= firstEnd;
          i = placed.nextClearBit(i + 1)) {
        Optional<Result> result = apply(operations.get(i), state);
        if (result.isPresent()) {
          BitSet with = (BitSet) placed.clone();
          with.set(i);
          if (seen.add(new Placed(with, result.get().state()))) {
            return i;
          }
        }
      }
      return -1;
    }
  }
}
