package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class DatabaseFailureTest {

  @ParameterizedTest
  @CsvSource({
    // Connection exception, refused, broken off.
    "08000, UNREACHABLE",
    "08001, UNREACHABLE",
    "08003, UNREACHABLE",
    "08006, UNREACHABLE",
    // Password wrong: it is being changed.
    "28P01, UNREACHABLE",
    "3D000, UNREACHABLE",
    // Out of memory, out of connections.
    "53200, UNREACHABLE",
    "53300, UNREACHABLE",
    // Ended by an administrator, by a crash, still starting, dropped.
    "57P01, UNREACHABLE",
    "57P02, UNREACHABLE",
    "57P03, UNREACHABLE",
    "57P04, UNREACHABLE",
    "25006, READ_ONLY",
    "53100, FULL",
    // Ended by the server because a transaction paused for too long.
    "25P03, UNREACHABLE",
    // A statement that took too long, a lock, a deadlock, a serialization failure.
    "57014, BUSY",
    "55P03, BUSY",
    "40P01, BUSY",
    "40001, BUSY",
    // A unique violation, a syntax error, corrupt data.
    "23505,",
    "42601,",
    "XX001,"
  })
  void isWhatTheStateSays(String state, DatabaseFailure outage) {
    assertThat(DatabaseFailure.behind(new SQLException("message", state))).isEqualTo(outage);
  }

  @Test
  void isWhatThePoolSaysWithoutAState() {
    assertThat(DatabaseFailure.behind(new SQLException("Sorry, acquisition timeout!")))
        .isEqualTo(DatabaseFailure.UNREACHABLE);
  }

  @ParameterizedTest
  @CsvSource({
    "08006, ReportConnectionError, WORKER_UNREACHABLE",
    "08006, '', UNREACHABLE",
    "XX000, MarkRemoteTransactionFailed, WORKER_UNREACHABLE",
    "55000, ErrorIfAnyMetadataNodeOutOfSync, WORKER_UNREACHABLE",
    "55000, CheckCmdReplicaIdentity, ",
    "XX000, simple_heap_update,"
  })
  void knowsTheConnectionsOfTheServer(String state, String routine, DatabaseFailure failure) {
    var message = new ServerErrorMessage("SERROR\0C%s\0Mfailed\0R%s\0".formatted(state, routine));

    assertThat(DatabaseFailure.behind(new PSQLException(message))).isEqualTo(failure);
  }

  @Test
  void isFoundBehindOtherFailures() {
    var lost = new SQLException("message", "08006");
    var rolledBack = new IllegalStateException("ARJUNA016053: Could not commit transaction.");
    rolledBack.addSuppressed(new ExecutionException(lost));

    assertThat(DatabaseFailure.behind(new RuntimeException(rolledBack)))
        .isEqualTo(DatabaseFailure.UNREACHABLE);
  }

  @Test
  void aBusyDatabaseIsNoOutage() {
    assertThat(DatabaseFailure.isOutage(new SQLException("message", "55P03"))).isFalse();
    assertThat(DatabaseFailure.isOutage(new SQLException("message", "25006"))).isTrue();
    assertThat(DatabaseFailure.isOutage(new SQLException("message", "23505"))).isFalse();
  }

  @Test
  void isNothingElse() {
    var one = new IllegalStateException();
    var other = new IllegalArgumentException(one);
    one.initCause(other);

    assertThat(DatabaseFailure.behind(one)).isNull();
  }
}
