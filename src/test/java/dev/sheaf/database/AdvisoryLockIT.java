package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.TestDatabase;
import java.sql.Connection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdvisoryLockIT {

  /// The numbers of a key are those that `pg_advisory_lock` was called with by older builds.
  @ParameterizedTest
  @CsvSource({
    "pg_advisory_lock(495672713574), , 495672713574",
    "'pg_advisory_lock(1751474534, -5)', 1751474534, -5",
    "'pg_advisory_lock(6205213, 42)', 6205213, 42"
  })
  void oneSessionHoldsALock(String older, Integer classId, long objectId) throws Exception {
    AdvisoryLock.Key key =
        classId == null
            ? AdvisoryLock.Key.of(objectId)
            : AdvisoryLock.Key.of(classId, (int) objectId);
    try (TestDatabase database = TestDatabase.create();
        Connection one = database.connect();
        Connection other = database.connect()) {
      try (var lock = one.createStatement()) {
        lock.execute("SELECT " + older);
      }
      assertThat(AdvisoryLock.tryAcquire(other, key)).isEmpty();
      assertThat(AdvisoryLock.holder(other, key))
          .get()
          .extracting(AdvisoryLock.Holder::client)
          .isEqualTo("test");
      try (var unlock = one.createStatement()) {
        unlock.execute("SELECT pg_advisory_unlock_all()");
      }

      try (AdvisoryLock _ = AdvisoryLock.tryAcquire(other, key).orElseThrow()) {
        assertThat(AdvisoryLock.holder(one, key)).isPresent();
        assertThat(AdvisoryLock.tryAcquireInTransaction(one, key)).isFalse();
      }
      assertThat(AdvisoryLock.holder(one, key)).isEmpty();
    }
  }
}
