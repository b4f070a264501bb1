package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.testing.TestDatabase;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.PgConnection;

class TransactionsIT {

  private static final TestDatabase DATABASE = TestDatabase.create();

  private Connection connection;

  @BeforeEach
  void createsATable() throws SQLException {
    DATABASE.execute("DROP TABLE IF EXISTS note; CREATE TABLE note (text text)");
    connection = DATABASE.connect();
  }

  @AfterEach
  void closes() throws SQLException {
    connection.close();
  }

  @AfterAll
  static void drops() {
    DATABASE.close();
  }

  @Test
  void everyStatementTakesEffectAndAutoCommitIsRestored() throws SQLException {
    Transactions.run(
        connection,
        same -> {
          write(same, "one");
          write(same, "two");
          assertThat(DATABASE.query("SELECT text FROM note")).isEmpty();
        });

    assertThat(DATABASE.query("SELECT text FROM note")).containsExactly("one", "two");
    assertThat(connection.getAutoCommit()).isTrue();
  }

  @Test
  void theResultIsReturned() throws SQLException {
    assertThat(Transactions.<Integer, RuntimeException>call(connection, TransactionsIT::count))
        .isZero();
  }

  @Test
  void anErrorRollsBack() throws SQLException {
    var failure = new AssertionError("a bug");

    assertThatThrownBy(() ->
            Transactions.run(
                connection,
                same -> {
                  write(same, "half");
                  throw failure;
                }))
        .isSameAs(failure);

    assertThat(connection.getAutoCommit()).isTrue();
    assertThat(DATABASE.query("SELECT text FROM note")).isEmpty();
  }

  /// The pool does not get back a connection that was aborted.
  @Test
  void aFailedRollbackLeavesThePoolComplete() throws SQLException {
    DatabaseAddress address = DATABASE.address();
    var configuration =
        new AgroalDataSourceConfigurationSupplier()
            .connectionPoolConfiguration(pool ->
                pool.maxSize(1)
                    .acquisitionTimeout(Duration.ofSeconds(30))
                    .exceptionSorter(DatabaseFailure::isOutage)
                    .connectionFactoryConfiguration(factory ->
                        factory
                            .jdbcUrl(address.jdbcUrl())
                            .principal(new NamePrincipal(String.valueOf(address.user())))
                            .credential(new SimplePassword(String.valueOf(address.password())))));
    try (AgroalDataSource pool = AgroalDataSource.from(configuration)) {
      var failure = new IllegalStateException("a bug");

      assertThatThrownBy(() ->
              Transactions.run(
                  pool,
                  pooled -> {
                    write(pooled, "half");
                    terminate(pooled);
                    throw failure;
                  }))
          .isSameAs(failure)
          .satisfies(thrown -> assertThat(thrown.getSuppressed()).isNotEmpty());

      assertThat(Sql.of("SELECT true").first(pool, row -> row.getBoolean(1))).contains(true);
    }
  }

  private static void terminate(Connection connection) throws SQLException {
    int process = connection.unwrap(PgConnection.class).getBackendPID();
    DATABASE.execute("SELECT pg_terminate_backend(" + process + ", 60000)");
  }

  @Test
  void aCheckedExceptionOfTheWorkRollsBackAndArrivesAsItIs() throws SQLException {
    assertThatThrownBy(() ->
            Transactions.run(
                connection,
                same -> {
                  write(same, "half");
                  throw new IOException("broken off");
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("broken off");

    assertThat(DATABASE.query("SELECT text FROM note")).isEmpty();
  }

  @Test
  void aFailingCommitRollsBack() throws SQLException {
    DATABASE.execute("ALTER TABLE note ADD UNIQUE (text) DEFERRABLE INITIALLY DEFERRED");

    assertThatThrownBy(() ->
            Transactions.run(
                connection,
                same -> {
                  write(same, "twice");
                  write(same, "twice");
                }))
        .isInstanceOf(SQLException.class);

    assertThat(connection.getAutoCommit()).isTrue();
    assertThat(DATABASE.query("SELECT text FROM note")).isEmpty();
  }

  @Test
  void theFirstCauseIsKeptWhenTheSessionEndsMeanwhile() throws SQLException {
    var failure = new IllegalStateException("the first cause");

    assertThatThrownBy(() ->
            Transactions.run(
                connection,
                same -> {
                  write(same, "half");
                  DATABASE.query("SELECT pg_terminate_backend(" + backend(same) + ")");
                  throw failure;
                }))
        .isSameAs(failure)
        .satisfies(thrown ->
            assertThat(thrown.getSuppressed()).singleElement().isInstanceOf(SQLException.class));

    assertThat(connection.isClosed()).isTrue();
    assertThat(DATABASE.query("SELECT text FROM note")).isEmpty();
  }

  @Test
  void workCanBeRolledBackAfterwards() throws SQLException {
    int seen =
        Transactions.callAndRollBack(
            connection,
            same -> {
              write(same, "tried");
              return count(same);
            });

    assertThat(seen).isOne();
    assertThat(connection.getAutoCommit()).isTrue();
    assertThat(DATABASE.query("SELECT text FROM note")).isEmpty();
  }

  @Test
  void aTransactionInATransactionIsRejected() {
    assertThatThrownBy(() ->
            Transactions.run(
                connection, same -> Transactions.run(same, again -> write(again, "inner"))))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aDataSourceLendsTheConnection() throws SQLException {
    var dataSource = new PGSimpleDataSource();
    dataSource.setURL(DATABASE.address().jdbcUrl());
    dataSource.setUser(DATABASE.address().user());
    dataSource.setPassword(DATABASE.address().password());

    Transactions.run(dataSource, lent -> write(lent, "one"));

    int seen = Transactions.call(dataSource, lent -> count(lent));
    assertThat(seen).isOne();
  }

  private static void write(Connection connection, String text) throws SQLException {
    try (Statement insert = connection.createStatement()) {
      insert.execute("INSERT INTO note VALUES ('" + text + "')");
    }
  }

  private static int count(Connection connection) throws SQLException {
    return number(connection, "SELECT count(*) FROM note");
  }

  private static int backend(Connection connection) throws SQLException {
    return number(connection, "SELECT pg_backend_pid()");
  }

  private static int number(Connection connection, String sql) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      row.next();
      return row.getInt(1);
    }
  }
}
