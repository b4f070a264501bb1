package dev.sheaf.migration.execute;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One statement that cannot run in a transaction, and what a crash in its middle leaves behind.
///
/// PostgreSQL does such a statement in several transactions of its own. Whoever interrupts it finds
/// an index that is there and `indisvalid = false`, or a partition half detached.
sealed interface ConcurrentStep {

  /// `CREATE INDEX CONCURRENTLY index ON ...`
  record CreateIndex(String index) implements ConcurrentStep {}

  /// `DROP INDEX CONCURRENTLY index`
  record DropIndex(String index) implements ConcurrentStep {}

  /// `REINDEX INDEX|TABLE CONCURRENTLY relation`
  record Reindex(String relation) implements ConcurrentStep {}

  /// `ALTER TABLE parent DETACH PARTITION partition CONCURRENTLY`
  record Detach(String parent, String partition) implements ConcurrentStep {}

  /// Anything else; it is run again after a crash, so it has to bear that.
  record Other() implements ConcurrentStep {}

  /// Reads what kind of statement this is.
  static ConcurrentStep of(String sql) {
    String text = sql.replaceAll("(?m)--.*$", "").replaceAll("(?s)/\\*.*?\\*/", "").strip();
    Matcher matcher = Patterns.CREATE.matcher(text);
    if (matcher.lookingAt()) {
      return new CreateIndex(matcher.group(1));
    }
    matcher = Patterns.DROP.matcher(text);
    if (matcher.lookingAt()) {
      return new DropIndex(matcher.group(1));
    }
    matcher = Patterns.REINDEX.matcher(text);
    if (matcher.lookingAt()) {
      return new Reindex(matcher.group(1));
    }
    matcher = Patterns.DETACH.matcher(text);
    if (matcher.lookingAt()) {
      return new Detach(matcher.group(1), matcher.group(2));
    }
    return new Other();
  }

  /// Whether nobody has to wait while this waits for a lock. Builds and drops of indexes take one
  /// that readers and writers don't mind, and they wait for transactions, however long those are.
  default boolean waitsHarmlessly() {
    return switch (this) {
      case CreateIndex _, DropIndex _, Reindex _ -> true;
      case Detach _, Other _ -> false;
    };
  }

  /// The statements that clear what an interrupted run of this one left; empty when it left
  /// nothing.
  default List<String> remnants(Connection connection) throws SQLException {
    return switch (this) {
      case CreateIndex(String index) ->
          list(
              connection,
              """
              SELECT 'DROP INDEX CONCURRENTLY ' || indexrelid::regclass
                FROM pg_index
               WHERE indexrelid = to_regclass(?) AND NOT indisvalid
              """,
              index);
      case Reindex(String relation) ->
          list(
              connection,
              """
              SELECT 'DROP INDEX CONCURRENTLY ' || i.indexrelid::regclass
                FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid
               WHERE NOT i.indisvalid
                 AND c.relname ~ '_cc(new|old)[0-9]*$'
                 AND i.indrelid IN (SELECT to_regclass(?)
                                    UNION
                                    SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass(?))
              """,
              relation,
              relation);
      case Detach(String parent, String partition) ->
          list(
              connection,
              """
              SELECT format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', inhparent::regclass, inhrelid::regclass)
                FROM pg_inherits
               WHERE inhparent = to_regclass(?) AND inhrelid = to_regclass(?) AND inhdetachpending
              """,
              parent,
              partition);
      case DropIndex _, Other _ -> List.of();
    };
  }

  /// Whether this statement, begun by a run that didn't live to say so, had come to its end.
  default boolean isDone(Connection connection) throws SQLException {
    return switch (this) {
      case CreateIndex(String index) ->
          !list(
                  connection,
                  "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(?) AND indisvalid",
                  index)
              .isEmpty();
      case DropIndex(String index) ->
          list(connection, "SELECT 1 WHERE to_regclass(?) IS NOT NULL", index).isEmpty();
      case Detach(String parent, String partition) ->
          list(
                  connection,
                  "SELECT 1 FROM pg_inherits WHERE inhparent = to_regclass(?) AND inhrelid = to_regclass(?)",
                  parent,
                  partition)
              .isEmpty();
      case Reindex _, Other _ -> false;
    };
  }

  private static List<String> list(Connection connection, String sql, String... names)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < names.length; i++) {
        select.setString(i + 1, names[i]);
      }
      List<String> rows = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          @Nullable String text = row.getString(1);
          if (text != null) {
            rows.add(text);
          }
        }
      }
      return rows;
    }
  }

  /// The shapes of the statements; names may be quoted and qualified.
  final class Patterns {
    private static final String NAME = "((?:\"[^\"]+\"|[\\w$]+)(?:\\.(?:\"[^\"]+\"|[\\w$]+))?)";

    static final Pattern CREATE =
        pattern(
            "CREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+CONCURRENTLY\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?"
                + NAME
                + "\\s+ON\\b");
    static final Pattern DROP =
        pattern("DROP\\s+INDEX\\s+CONCURRENTLY\\s+(?:IF\\s+EXISTS\\s+)?" + NAME);
    static final Pattern REINDEX =
        pattern("REINDEX\\s+(?:\\([^)]*\\)\\s*)?(?:INDEX|TABLE)\\s+CONCURRENTLY\\s+" + NAME);
    static final Pattern DETACH =
        pattern(
            "ALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?"
                + NAME
                + "\\s+DETACH\\s+PARTITION\\s+"
                + NAME
                + "\\s+CONCURRENTLY");

    private Patterns() {}

    private static Pattern pattern(String regex) {
      return Pattern.compile(regex, Pattern.CASE_INSENSITIVE);
    }
  }
}
