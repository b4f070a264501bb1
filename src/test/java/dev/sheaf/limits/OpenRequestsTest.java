package dev.sheaf.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.limits.ConcurrencyLimiter.Permit;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import org.junit.jupiter.api.Test;

class OpenRequestsTest {

  private final OpenRequests uploads =
      new OpenRequests("uploads", "sheaf.limits.open-uploads", 3, 2);

  @Test
  void oneCallerLeavesPlacesToOthers() {
    Permit first = uploads.open("a");
    Permit second = uploads.open("a");

    assertThatThrownBy(() -> uploads.open("a"))
        .isInstanceOfSatisfying(
            Problem.class,
            problem -> assertThat(problem.type()).isEqualTo(ProblemType.TOO_MANY_REQUESTS))
        .hasMessage(
            "The caller has 2 uploads open. Close one or wait until one ends, or raise sheaf.limits.open-uploads-per-caller.");
    assertThatNoException().isThrownBy(() -> uploads.open("b"));
    assertThatThrownBy(() -> uploads.open("c"))
        .hasMessage("3 uploads are open. Retry later, or raise sheaf.limits.open-uploads.");

    first.close();
    second.close();
    assertThatNoException().isThrownBy(() -> uploads.open("a"));
    assertThatNoException().isThrownBy(() -> uploads.open("c"));
  }
}
