package dev.sheaf.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// A statement with its parameters. It runs on a given connection, or on a pooled connection that
/// is returned at once. The hot path, and results that do not fit into memory, use JDBC.
public final class Sql {

  private final String text;
  private final @Nullable Object[] parameters;

  private Sql(String text, @Nullable Object[] parameters) {
    this.text = text;
    this.parameters = parameters;
  }

  /// Creates a statement.
  ///
  /// @param parameters the values of the question marks, in order: numbers, texts, `UUID`,
  ///   `byte[]`, `OffsetDateTime`, arrays of objects for arrays of PostgreSQL, `null`
  public static Sql of(String text, @Nullable Object... parameters) {
    return new Sql(text, parameters);
  }

  /// Maps the current row of a result to a value.
  public interface Row<T> {
    T of(ResultSet row) throws SQLException;
  }

  /// Runs the statement.
  ///
  /// @return the number of rows changed
  public int update(Connection connection) throws SQLException {
    try (PreparedStatement statement = prepare(connection)) {
      return statement.executeUpdate();
    }
  }

  public int update(DataSource dataSource) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return update(connection);
    }
  }

  /// Runs the query and maps all of its rows.
  public <T> List<T> list(Connection connection, Row<T> mapper) throws SQLException {
    var list = new ArrayList<T>();
    try (PreparedStatement statement = prepare(connection);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        list.add(mapper.of(row));
      }
    }
    return list;
  }

  public <T> List<T> list(DataSource dataSource, Row<T> mapper) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return list(connection, mapper);
    }
  }

  /// Like the other `list`, but empty if a table or column does not exist, as in a database that is
  /// new or was migrated by an older version.
  public <T> List<T> listIfExists(Connection connection, Row<T> mapper) throws SQLException {
    try {
      return list(connection, mapper);
    } catch (SQLException e) {
      return switch (SqlStates.of(e)) {
        case SqlStates.UNDEFINED_TABLE, SqlStates.UNDEFINED_COLUMN -> List.of();
        default -> throw e;
      };
    }
  }

  /// Runs the query and maps its first row; empty if there is none.
  public <T> Optional<T> first(Connection connection, Row<T> mapper) throws SQLException {
    try (PreparedStatement statement = prepare(connection);
        ResultSet row = statement.executeQuery()) {
      return row.next() ? Optional.of(mapper.of(row)) : Optional.empty();
    }
  }

  public <T> Optional<T> first(DataSource dataSource, Row<T> mapper) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return first(connection, mapper);
    }
  }

  /// Whether the first column of the first row is true.
  public boolean isTrue(Connection connection) throws SQLException {
    return first(connection, row -> row.getBoolean(1)).orElse(false);
  }

  /// The time in a column of the current row; `null` for SQL `NULL`.
  public static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  /// The time in a column of the current row, by name; `null` for SQL `NULL`.
  public static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    return instant(row, row.findColumn(column));
  }

  private PreparedStatement prepare(Connection connection) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(text);
    try {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      return statement;
    } catch (SQLException | RuntimeException e) {
      try (statement) {
        throw e;
      }
    }
  }
}
