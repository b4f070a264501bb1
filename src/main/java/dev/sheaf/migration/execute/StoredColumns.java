package dev.sheaf.migration.execute;

import dev.sheaf.database.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/// The tables and columns in which a database stores rows, at one moment, without temporary ones
/// and those of the system. They are identified by `pg_class.oid` and `pg_attribute.attnum`, so
/// that a renamed one is the same, and a copy of the same name is another.
///
/// Materialized views do not count: their rows are computed.
///
/// @param relations the table of each column, as an array of `oid`
/// @param columns the number of each column, as an array of `smallint`; 0 for a table without
///   columns
record StoredColumns(String relations, String columns) {

  /// @param connection a connection outside of a transaction
  static StoredColumns read(Connection connection) throws SQLException {
    String sql =
        """
        SELECT coalesce(array_agg(c.oid), '{}')::text,
               coalesce(array_agg(coalesce(attnum, 0::smallint)), '{}')::text
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = relnamespace
          LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
         WHERE relkind IN ('r', 'p')
           AND relpersistence <> 't'
           AND nspname !~ '^pg_'
           AND nspname <> 'information_schema'
        """;
    return Sql.of(sql)
        .first(connection, row -> new StoredColumns(row.getString(1), row.getString(2)))
        .orElseThrow();
  }

  /// What the transaction of `changes` dropped, such as `table public.item`; empty if nothing.
  ///
  /// @param outside another connection, which sees what is committed: the names of what is dropped,
  ///   and nothing of what other sessions dropped meanwhile
  Optional<String> dropped(Connection changes, Connection outside) throws SQLException {
    String missing =
        """
        SELECT array_agg(relation)::text, array_agg(attnum)::text
          FROM (SELECT DISTINCT relation, CASE WHEN c.oid IS NULL THEN 0::smallint ELSE number END
                  FROM unnest(?::oid[], ?::smallint[]) AS stored (relation, number)
                  LEFT JOIN pg_class c ON c.oid = relation
                  LEFT JOIN pg_attribute a ON attrelid = relation AND a.attnum = number AND NOT attisdropped
                 WHERE c.oid IS NULL OR (number > 0 AND attrelid IS NULL)) AS gone (relation, attnum)
        HAVING count(*) > 0
        """;
    Optional<StoredColumns> gone =
        Sql.of(missing, relations, columns)
            .first(changes, row -> new StoredColumns(row.getString(1), row.getString(2)));
    return gone.isEmpty() ? Optional.empty() : gone.get().names(outside);
  }

  private Optional<String> names(Connection connection) throws SQLException {
    String sql =
        """
        SELECT format(CASE WHEN number = 0 THEN 'table %I.%I' ELSE 'column %I.%I.%I' END, nspname, relname, attname)
          FROM unnest(?::oid[], ?::smallint[]) AS gone (relation, number)
          JOIN pg_class c ON c.oid = relation
          JOIN pg_namespace n ON n.oid = relnamespace
          LEFT JOIN pg_attribute a ON attrelid = relation AND attnum = number AND NOT attisdropped
         WHERE number = 0 OR attname IS NOT NULL
         ORDER BY number <> 0, nspname, relname, number
        """;
    List<String> names = Sql.of(sql, relations, columns).list(connection, row -> row.getString(1));
    return switch (names.size()) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(names.getFirst());
      default -> Optional.of("%s and %s more".formatted(names.getFirst(), names.size() - 1));
    };
  }
}
