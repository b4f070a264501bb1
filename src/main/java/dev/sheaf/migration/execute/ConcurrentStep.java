package dev.sheaf.migration.execute;

import dev.sheaf.migration.changelog.SqlStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A statement that cannot run in a transaction, and the recovery after it was interrupted.
///
/// PostgreSQL runs such a statement in several transactions. An interrupted one leaves an invalid
/// index or a partition that is half detached.
sealed interface ConcurrentStep {

  /// `CREATE INDEX CONCURRENTLY index ON table ...`
  ///
  /// @param index the name as written in the statement; `null` if there is none
  /// @param table the name as written in the statement
  record CreateIndex(@Nullable String index, String table) implements ConcurrentStep {

    /// Whether the index exists and is valid.
    boolean isValid(Connection connection, @Nullable List<Long> before) throws SQLException {
      return !list(
              connection,
              """
              SELECT 1
                FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = to_regclass(?)
                 AND i.indisvalid
                 AND coalesce(c.relname = (parse_ident(?))[1]::name, i.indexrelid::bigint <> ALL (?::bigint[]))
              """,
              table,
              index,
              before == null ? null : literal(before))
          .isEmpty();
    }
  }

  /// `DROP INDEX CONCURRENTLY index`
  record DropIndex(String index) implements ConcurrentStep {}

  /// `REINDEX kind CONCURRENTLY name`
  ///
  /// @param kind `INDEX`, `TABLE`, `SCHEMA`, `DATABASE` or `SYSTEM`
  /// @param name the name as written in the statement; `null` for the current database
  record Reindex(String kind, @Nullable String name) implements ConcurrentStep {}

  /// `ALTER TABLE parent DETACH PARTITION partition CONCURRENTLY`
  record Detach(String parent, String partition) implements ConcurrentStep {}

  /// Any other statement. It is repeated after a crash, so it must be idempotent.
  record Other() implements ConcurrentStep {}

  /// Classifies a statement.
  static ConcurrentStep of(SqlStatement statement) {
    String text = statement.beginning();
    Matcher matcher = Patterns.CREATE.matcher(text);
    if (matcher.lookingAt()) {
      return new CreateIndex(matcher.group(1), matcher.group(2));
    }
    matcher = Patterns.DROP.matcher(text);
    if (matcher.lookingAt()) {
      return new DropIndex(matcher.group(1));
    }
    matcher = Patterns.REINDEX.matcher(text);
    if (matcher.lookingAt()) {
      return new Reindex(matcher.group(1).toUpperCase(Locale.ROOT), matcher.group(2));
    }
    matcher = Patterns.DETACH.matcher(text);
    if (matcher.lookingAt()) {
      return new Detach(matcher.group(1), matcher.group(2));
    }
    return new Other();
  }

  /// The invalid index that `CREATE INDEX IF NOT EXISTS` takes for the wanted one; empty if the
  /// statement is another one. The index of a partitioned table is invalid until all of its
  /// partitions have theirs.
  static List<String> invalid(SqlStatement statement, Connection connection) throws SQLException {
    Matcher plain = Patterns.IF_NOT_EXISTS.matcher(statement.beginning());
    return plain.lookingAt()
        ? list(
            connection,
            """
            SELECT i.indexrelid::regclass::text
              FROM pg_index i
              JOIN pg_class c ON c.oid = i.indexrelid
             WHERE i.indrelid = to_regclass(?)
               AND c.relname = (parse_ident(?))[1]::name
               AND c.relkind = 'i'
               AND NOT i.indisvalid
            """,
            plain.group(2),
            plain.group(1))
        : List.of();
  }

  /// Whether other sessions can work while this waits for a lock. Concurrent builds and drops of
  /// indexes block neither reads nor writes, and wait for all older transactions.
  default boolean waitsHarmlessly() {
    return switch (this) {
      case CreateIndex _, DropIndex _, Reindex _ -> true;
      case Detach _, Other _ -> false;
    };
  }

  /// The oids of the indexes of the table that gets a new index. Read before the statement, they
  /// identify the new index afterwards, whatever its name and schema.
  ///
  /// @return an empty list if this statement does not create an index
  default List<Long> indexes(Connection connection) throws SQLException {
    return this instanceof CreateIndex(_, String table)
        ? list(
                connection,
                "SELECT indexrelid::bigint::text FROM pg_index WHERE indrelid = to_regclass(?)",
                table)
            .stream()
            .map(Long::valueOf)
            .toList()
        : List.of();
  }

  /// The statements that remove the remnants of an interrupted run of this statement. An index that
  /// another session is building is not a remnant.
  ///
  /// @param before the indexes that the table had before the first run; `null` if unknown, then the
  ///   name decides
  default List<String> remnants(Connection connection, @Nullable List<Long> before)
      throws SQLException {
    return switch (this) {
      case CreateIndex(String index, String table) ->
          list(
              connection,
              """
              SELECT format('DROP INDEX CONCURRENTLY %s', i.indexrelid::regclass)
                FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = to_regclass(?)
                 AND NOT i.indisvalid
                 AND (c.relname = (parse_ident(?))[1]::name OR i.indexrelid::bigint <> ALL (?::bigint[]))
                 AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p
                                  WHERE p.index_relid = i.indexrelid AND p.pid <> pg_backend_pid())
              """,
              table,
              index,
              before == null ? null : literal(before));
      case Reindex(String kind, String name) ->
          list(
              connection,
              """
              SELECT 'DROP INDEX CONCURRENTLY ' || i.indexrelid::regclass
                FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid
                -- The indexes of its TOAST table are rebuilt with those of a table.
                JOIN pg_class t ON i.indrelid IN (t.oid, t.reltoastrelid) AND t.relkind <> 't'
               WHERE NOT i.indisvalid
                 AND c.relname ~ '_cc(new|old)[0-9]*$'
                 AND CASE ?
                     WHEN 'SCHEMA' THEN t.relnamespace = to_regnamespace(?)
                     WHEN 'INDEX' THEN t.oid IN (SELECT indrelid FROM pg_index
                                                  WHERE indexrelid = to_regclass(?)
                                                     OR indexrelid IN (SELECT relid FROM pg_partition_tree(to_regclass(?))))
                     WHEN 'TABLE' THEN t.oid = to_regclass(?)
                                    OR t.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(?)))
                     ELSE true
                     END
                 AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p
                                  WHERE p.index_relid = i.indexrelid AND p.pid <> pg_backend_pid())
              """,
              kind,
              name,
              name,
              name,
              name,
              name);
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

  /// Whether this statement was completed by a run that was killed later.
  ///
  /// @param before as for [#remnants]
  default boolean isDone(Connection connection, @Nullable List<Long> before) throws SQLException {
    return switch (this) {
      case CreateIndex create -> create.isValid(connection, before);
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

  private static String literal(List<Long> oids) {
    return oids.stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}"));
  }

  private static List<String> list(Connection connection, String sql, @Nullable String... names)
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

  /// The syntax of the statements without comments; names may be quoted and qualified. White space
  /// is not required beside quotes.
  final class Patterns {
    /// What a word goes on with.
    private static final String LETTER = "[\\w$\\x{80}-\\x{10FFFF}]";

    /// An identifier of PostgreSQL: letters of any script, or any characters in quotes.
    private static final String IDENTIFIER =
        "(?:\"(?:[^\"]|\"\")+\"|[A-Za-z_\\x{80}-\\x{10FFFF}]" + LETTER + "*+)";

    static final String NAME = "(" + IDENTIFIER + "(?:\\s*\\.\\s*" + IDENTIFIER + "){0,2}+)";

    private static final String ONLY = "(?:" + word("ONLY") + "\\(?\\s*)?";

    static final Pattern CREATE =
        pattern(
            "CREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+"
                + word("CONCURRENTLY")
                + "(?:(?:IF\\s+NOT\\s+"
                + word("EXISTS")
                + ")?(?!"
                + word("ON")
                + ")"
                + NAME
                + "\\s*)?"
                + word("ON")
                + ONLY
                + NAME);
    static final Pattern IF_NOT_EXISTS =
        pattern(
            "CREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+IF\\s+NOT\\s+"
                + word("EXISTS")
                + NAME
                + "\\s*"
                + word("ON")
                + ONLY
                + NAME);
    static final Pattern DROP =
        pattern(
            "DROP\\s+INDEX\\s+"
                + word("CONCURRENTLY")
                + "(?:IF\\s+"
                + word("EXISTS")
                + ")?"
                + NAME);
    static final Pattern REINDEX =
        pattern(
            "REINDEX\\s*(?:\\([^)]*\\bCONCURRENTLY\\b(?!\\s*'?(?:false|off|0)\\b)[^)]*\\)\\s*"
                + "(?=\\w)|(?:\\([^)]*\\)\\s*)?(?=\\w+\\s+"
                + word("CONCURRENTLY")
                + "))(INDEX|TABLE|SCHEMA|DATABASE|SYSTEM)\\b\\s*(?:"
                + word("CONCURRENTLY")
                + ")?"
                + NAME
                + "?");
    static final Pattern DETACH =
        pattern(
            "ALTER\\s+TABLE\\b\\s*(?:IF\\s+"
                + word("EXISTS")
                + ")?"
                + ONLY
                + NAME
                + "\\s*\\)?\\s*\\*?\\s*DETACH\\s+"
                + word("PARTITION")
                + NAME
                + "\\s*CONCURRENTLY");

    private Patterns() {}

    /// A key word, and the white space after it.
    private static String word(String word) {
      return word + "(?!" + LETTER + ")\\s*";
    }

    private static Pattern pattern(String regex) {
      return Pattern.compile(regex, Pattern.CASE_INSENSITIVE);
    }
  }
}
