package dev.sheaf.search;

import com.pgvector.PGvector;
import dev.sheaf.database.NetworkTimeouts;
import dev.sheaf.embedding.Space;
import dev.sheaf.search.SearchResponse.Explained;
import dev.sheaf.telemetry.Spans;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs one [SearchSql]. Vectors travel in binary, and no Hibernate is involved.
@ApplicationScoped
public class SearchExecution {

  private static final Pattern VECTOR = Pattern.compile("'\\[[-+0-9.,eE]*]'");

  /// A literal, with quotes doubled in it.
  private static final Pattern VALUE = Pattern.compile("'(?:[^']|'')*'");

  /// PostgreSQL ends a search by itself when its time is over. It is given this much longer to say
  /// so.
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final AgroalDataSource dataSource;
  private final Spans spans;

  SearchExecution(AgroalDataSource dataSource, Spans spans) {
    this.dataSource = dataSource;
    this.spans = spans;
  }

  /// What one statement found.
  ///
  /// @param indexedRows rows of the space if its index is valid, else -1
  /// @param rows how many were compared, or, by the index, were candidates
  /// @param sql the statement
  public record Found(List<Hit> hits, long indexedRows, long rows, SearchSql sql) {}

  /// Rows of a space if its index is valid, else -1.
  long indexedRows(Space space) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement =
            connection.prepareStatement("SELECT " + SearchSql.indexedRows(space));
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /// Runs the search and reads its hits.
  ///
  /// @param timeout milliseconds
  /// @throws SQLException with state `42P01` when the space has been dropped, `57014` when the time
  ///   was over
  public Found run(Query query, SearchSql sql, long timeout) throws SQLException {
    return spans.sql("search", query.space().embeddingTable(), () -> find(query, sql, timeout));
  }

  private Found find(Query query, SearchSql sql, long timeout) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement =
            connection.prepareStatement(sql.preparing(timeout) + sql.searching())) {
      NetworkTimeouts.allow(connection, GRACE.plusMillis(timeout));
      bind(statement, sql);
      statement.execute();
      long indexedRows;
      try (ResultSet row = statement.getResultSet()) {
        row.next();
        indexedRows = row.getLong(1);
      }
      statement.getMoreResults();
      try (ResultSet row = statement.getResultSet()) {
        var hits = new ArrayList<Hit>();
        long rows = 0;
        while (row.next()) {
          rows = row.getLong(1);
          if (row.getString(2) != null) {
            hits.add(hit(query, row));
          }
        }
        return new Found(hits, indexedRows, rows, sql);
      }
    }
  }

  /// Runs it once more, to see how.
  Explained explain(SearchSql sql, long timeout) throws SQLException {
    List<String> plan =
        explained("EXPLAIN (ANALYZE, BUFFERS) ", sql, timeout).stream()
            .map(line -> VECTOR.matcher(line).replaceAll("'[...]'"))
            .toList();
    return new Explained(sql.searching(), plan);
  }

  /// Its plan in one line, without its values. It is not run again.
  String plan(SearchSql sql, long timeout) throws SQLException {
    // A value may go on in the next line.
    String plan = String.join("\n", explained("EXPLAIN (COSTS OFF) ", sql, timeout));
    return VALUE
        .matcher(plan)
        .replaceAll("'...'")
        .lines()
        .map(String::strip)
        .collect(Collectors.joining(" | "));
  }

  private List<String> explained(String explaining, SearchSql sql, long timeout)
      throws SQLException {
    var plan = new ArrayList<String>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement =
            connection.prepareStatement(sql.preparing(timeout) + explaining + sql.searching())) {
      NetworkTimeouts.allow(connection, GRACE.plusMillis(timeout));
      bind(statement, sql);
      statement.execute();
      statement.getMoreResults();
      try (ResultSet line = statement.getResultSet()) {
        while (line.next()) {
          plan.add(line.getString(1));
        }
      }
    }
    return plan;
  }

  private static void bind(PreparedStatement statement, SearchSql sql) throws SQLException {
    int place = 1;
    for (Object parameter : sql.parameters()) {
      statement.setObject(place++, parameter);
    }
  }

  private static Hit hit(Query query, ResultSet row) throws SQLException {
    double key = row.getDouble(4);
    boolean near = query.request().mode() == Mode.VECTOR;
    var columns = new Columns(row, query.request().select());
    return new Hit(
        row.getString(2),
        columns.text(ReturnField.TITLE),
        columns.text(ReturnField.URI),
        row.getInt(3),
        stripped(columns.text(ReturnField.TEXT)),
        query.request().highlight() ? stripped(row.getString(columns.last() + 1)) : null,
        near ? query.space().metric().score(key) : -key,
        near ? Double.valueOf(key) : null,
        columns.text(ReturnField.METADATA),
        columns.vector(),
        columns.time(ReturnField.CREATED_AT),
        columns.time(ReturnField.UPDATED_AT));
  }

  /// A chunk is stored with the white space around it.
  private static @Nullable String stripped(@Nullable String text) {
    return text == null ? null : text.strip();
  }

  /// The columns that were selected, from the fifth on.
  private record Columns(ResultSet row, Set<ReturnField> selected) {

    int last() {
      return 4 + selected.size();
    }

    private int place(ReturnField field) {
      int place = 5;
      for (ReturnField other : selected) {
        if (other == field) {
          return place;
        }
        place++;
      }
      return 0;
    }

    @Nullable String text(ReturnField field) throws SQLException {
      int place = place(field);
      return place == 0 ? null : row.getString(place);
    }

    float @Nullable [] vector() throws SQLException {
      int place = place(ReturnField.VECTOR);
      return place == 0 ? null : ((PGvector) row.getObject(place)).toArray();
    }

    java.time.@Nullable Instant time(ReturnField field) throws SQLException {
      int place = place(field);
      return place == 0 ? null : row.getObject(place, OffsetDateTime.class).toInstant();
    }
  }
}
