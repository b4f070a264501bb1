package dev.sheaf.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.faults.History.Kind;
import dev.sheaf.faults.History.Operation;
import dev.sheaf.faults.History.Outcome;
import dev.sheaf.faults.History.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The checker against all orders of small histories, and against the mistakes that it is for.
class HistoryTest {

  private static final int HISTORIES = 4_000;
  private static final List<Kind> KINDS = List.of(Kind.values());

  @Test
  void aReadAfterAnAcknowledgedDeleteFindsNothing() {
    assertThat(isLinearizable(put("a", 1, 2), delete(3, 4), read(null, 5, 6))).isTrue();
    assertThat(isLinearizable(put("a", 1, 2), delete(3, 4), read("a", 5, 6))).isFalse();
    // While the delete runs, both are possible, but not one after the other.
    assertThat(isLinearizable(put("a", 1, 2), delete(3, 9), read("a", 4, 5), read(null, 6, 7)))
        .isTrue();
    assertThat(isLinearizable(put("a", 1, 2), delete(3, 9), read(null, 4, 5), read("a", 6, 7)))
        .isFalse();
  }

  @Test
  void aLostResponseExplainsALaterChangeButOnlyOne() {
    Operation lost = new Operation(Kind.PUT, "b", null, Outcome.UNKNOWN, 3, Long.MAX_VALUE);

    assertThat(isLinearizable(put("a", 1, 2), lost, read("a", 4, 5), read("b", 6, 7))).isTrue();
    assertThat(
            isLinearizable(put("a", 1, 2), lost, read("b", 4, 5), put("c", 6, 7), read("b", 8, 9)))
        .isFalse();
  }

  @Test
  void itAgreesWithAllOrdersOfRandomHistories() {
    var random = new Random(5);
    int linearizable = 0;
    for (int i = 0; i < HISTORIES; i++) {
      List<Operation> operations = random(random);
      boolean expected = someOrderExplains(operations, null);

      assertThat(isLinearizable(operations.toArray(Operation[]::new)))
          .as("%s", operations)
          .isEqualTo(expected);
      linearizable += expected ? 1 : 0;
    }
    assertThat(linearizable).isBetween(HISTORIES / 10, HISTORIES * 9 / 10);
  }

  /// Tries every order, without memory and without haste.
  private static boolean someOrderExplains(List<Operation> left, @Nullable State state) {
    if (left.stream().allMatch(operation -> operation.outcome() == Outcome.UNKNOWN)) {
      return true;
    }
    for (Operation next : List.copyOf(left)) {
      boolean isFirst = left.stream().noneMatch(other -> other.ended() < next.begun());
      Optional<History.Result> result = History.apply(next, state);
      if (isFirst && result.isPresent()) {
        List<Operation> rest = new ArrayList<>(left);
        rest.remove(next);
        if (someOrderExplains(rest, result.get().state())) {
          return true;
        }
      }
    }
    return false;
  }

  private static List<Operation> random(Random random) {
    List<Operation> operations = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Kind kind = KINDS.get(random.nextInt(KINDS.size()));
      String value = "v" + random.nextInt(2);
      boolean unknown = kind != Kind.READ && random.nextInt(5) == 0;
      boolean absent = (kind == Kind.PATCH || kind == Kind.DELETE) && random.nextInt(3) == 0;
      // Distinct times, as two nanoseconds are.
      long begun = random.nextInt(20) * 100L + i;
      operations.add(
          new Operation(
              kind,
              value,
              random.nextInt(3) == 0 ? null : new State(value, null),
              unknown ? Outcome.UNKNOWN : absent ? Outcome.ABSENT : Outcome.DONE,
              begun,
              unknown ? Long.MAX_VALUE : begun + 50 + random.nextInt(8) * 100L));
    }
    return operations;
  }

  private static boolean isLinearizable(Operation... operations) {
    var history = new History();
    for (Operation operation : operations) {
      history.add(operation);
    }
    return history.isLinearizable();
  }

  private static Operation put(String value, long begun, long ended) {
    return new Operation(Kind.PUT, value, null, Outcome.DONE, begun, ended);
  }

  private static Operation delete(long begun, long ended) {
    return new Operation(Kind.DELETE, "", null, Outcome.DONE, begun, ended);
  }

  private static Operation read(@Nullable String text, long begun, long ended) {
    return new Operation(
        Kind.READ, "", text == null ? null : new State(text, null), Outcome.DONE, begun, ended);
  }
}
