package dev.sheaf.migration.history;

import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.HistoryEntry;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import liquibase.util.LiquibaseUtil;
import org.jspecify.annotations.Nullable;

/// The history of a database: Liquibase's table `databasechangelog`, and the engine's own tables.
/// Rows of other users of Liquibase in the same table are ignored.
public final class History {

  /// Other users may have the same directory layout. The author of Sheaf's changesets is the
  /// module.
  private static final String OURS =
      "filename LIKE '" + Changelogs.LOCATION + "/%' AND author = split_part(filename, '/', 3)";

  /// Hash of the current history, which may be empty.
  private static final String HASH =
      """
      (SELECT md5(coalesce(string_agg(filename || '|' || id || '|' || author || '|' || coalesce(md5sum, ''), E'\\n'
                                      ORDER BY filename, id), ''))
         FROM databasechangelog
        WHERE %s)
      """
          .formatted(OURS);

  private History() {}

  /// An applied changeset.
  ///
  /// @param path its file, `db/changelog/<module>/NNN_name.sql`
  /// @param checksum Liquibase's checksum of the changeset when it was applied; `null` accepts any
  /// @param seal the changeset's seal when it was applied; `null` if an earlier version applied it
  public record Applied(String path, @Nullable String checksum, @Nullable String seal) {

    public String module() {
      String rest = path.substring(Changelogs.LOCATION.length() + 1);
      int slash = rest.indexOf('/');
      return slash < 0 ? "" : rest.substring(0, slash);
    }

    /// The file's version; [ChangesetVersion#NONE] if its name has none.
    public ChangesetVersion version() {
      return ChangelogFile.version(path);
    }

    /// Whether `changeset` has the checksum that was applied.
    public boolean accepts(Changeset changeset) {
      return checksum == null || changeset.isWhatWasApplied(checksum, seal);
    }

    String shortPath() {
      return path.substring(Changelogs.LOCATION.length() + 1);
    }

    /// `module/NNN_name`
    public String label() {
      return History.label(path);
    }
  }

  /// The complete start-up check when nothing is pending: whether the changelogs with this
  /// fingerprint are recorded as applied, except for changesets that wait for a backfill, and the
  /// history has not changed since. An interrupted rollback counts as a change, although it is not
  /// in the history.
  public static boolean isUpToDate(Connection connection, String fingerprint) throws SQLException {
    return awaited(connection, fingerprint).isPresent();
  }

  /// The backfills that pending changesets wait for; empty if there is something to apply.
  public static Optional<List<String>> awaited(Connection connection, String fingerprint)
      throws SQLException {
    String sql =
        """
        SELECT awaits
          FROM schema_gate
         WHERE fingerprint = ?
           AND history = %s
           AND NOT EXISTS (SELECT FROM schema_journal WHERE direction = 'down')
           AND NOT EXISTS (SELECT FROM backfill WHERE name = ANY (awaits) AND state = 'done')
        """
            .formatted(HASH);
    return Sql.of(sql, fingerprint)
        .listIfExists(connection, row -> List.of((String[]) row.getArray(1).getArray()))
        .stream()
        .findFirst();
  }

  /// Records that the changelogs with this fingerprint are applied, and deletes records of earlier
  /// states.
  ///
  /// @param awaits backfills that pending changesets wait for; empty if nothing is pending
  public static void recordUpToDate(
      Connection connection, String fingerprint, Collection<String> awaits) throws SQLException {
    String sql =
        """
        WITH now_applied AS (SELECT %s AS history),
             outdated    AS (DELETE FROM schema_gate
                              WHERE history NOT IN ((SELECT history FROM now_applied), '%s') AND fingerprint <> ?)
        INSERT INTO schema_gate (fingerprint, history, awaits)
        SELECT ?, history, ? FROM now_applied
            ON CONFLICT (fingerprint) DO UPDATE
           SET history = EXCLUDED.history, awaits = EXCLUDED.awaits, recorded_at = now()
        """
            .formatted(HASH, EngineTables.GATE_ROW);
    Sql.of(sql, fingerprint, fingerprint, awaits.toArray(String[]::new)).update(connection);
  }

  /// A hash of the history and of interrupted rollbacks, which determine whether an application is
  /// compatible with the schema; `null` if there is no history yet.
  public static @Nullable String state(Connection connection) throws SQLException {
    String sql =
        """
        SELECT %s || coalesce((SELECT string_agg(path, ' ' ORDER BY path)
                                 FROM schema_journal
                                WHERE direction = 'down'), '')
        """
            .formatted(HASH);
    List<String> states = Sql.of(sql).listIfExists(connection, row -> row.getString(1));
    return states.isEmpty() ? null : states.getFirst();
  }

  /// The checksums of the applied changesets, by `module/NNN_name`.
  public static SortedMap<String, String> checksums(Connection connection) throws SQLException {
    SortedMap<String, String> applied = new TreeMap<>();
    for (Applied row : read(connection)) {
      applied.put(row.label(), Objects.requireNonNullElse(row.checksum(), ""));
    }
    return applied;
  }

  /// The applied changesets, in the order in which they were applied; empty if there is no history
  /// yet. Without the repeatable ones.
  public static List<Applied> read(Connection connection) throws SQLException {
    return rows(connection, "NOT");
  }

  /// The applied repeatable changesets, in the order in which they were applied last.
  public static List<Applied> repeatables(Connection connection) throws SQLException {
    return rows(connection, "");
  }

  private static List<Applied> rows(Connection connection, String not) throws SQLException {
    // Tables of an earlier version lack the seals.
    String sql =
        """
        SELECT filename, md5sum, to_jsonb(r) ->> 'seal'
          FROM databasechangelog
          LEFT JOIN %s AS r ON r.path = filename
         WHERE %s
           AND %s starts_with(split_part(filename, '/', 4), 'R__')
         ORDER BY orderexecuted, filename
        """
            .formatted(
                hasRollbacks(connection) ? "schema_rollback" : "(SELECT NULL AS path)", OURS, not);
    return Sql.of(sql)
        .listIfExists(
            connection, row -> new Applied(row.getString(1), row.getString(2), row.getString(3)));
  }

  /// A row of another user of Liquibase.
  ///
  /// @param checksum `null` accepts any
  public record Foreign(String id, String author, String path, @Nullable String checksum) {

    /// As Liquibase names a changeset.
    @Override
    public String toString() {
      return path + "::" + id + "::" + author;
    }
  }

  /// The rows of other users of Liquibase, in the order in which they were executed.
  public static List<Foreign> foreign(Connection connection) throws SQLException {
    return Sql.of(
            "SELECT id, author, filename, md5sum FROM databasechangelog WHERE NOT (%s) ORDER BY orderexecuted, filename"
                .formatted(OURS))
        .listIfExists(
            connection,
            row ->
                new Foreign(
                    row.getString(1), row.getString(2), row.getString(3), row.getString(4)));
  }

  /// Whether nothing was ever recorded as applied here. What was rolled back leaves its events.
  public static boolean isNew(Connection connection) throws SQLException {
    return read(connection).isEmpty()
        && !Sql.of("SELECT EXISTS (SELECT FROM schema_event)").isTrue(connection);
  }

  private static boolean hasRollbacks(Connection connection) throws SQLException {
    return Sql.of("SELECT to_regclass('schema_rollback') IS NOT NULL").isTrue(connection);
  }

  /// The applied changesets of `module`, in the same order.
  public static List<Applied> read(Connection connection, String module) throws SQLException {
    return read(connection).stream().filter(row -> row.module().equals(module)).toList();
  }

  /// Records in the caller's transaction that `changeset` is applied, as Liquibase does. A
  /// repeatable one that was applied before is then the last one.
  public static void add(Connection connection, Changeset changeset, String deployment)
      throws SQLException {
    String sql =
        """
        INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype, md5sum,
                                       description, comments, liquibase, deployment_id)
        SELECT ?, ?, ?, localtimestamp, coalesce(max(orderexecuted), 0) + 1, ?, ?, 'sql', left(?, 255), ?, ?
          FROM databasechangelog
        """;
    boolean again =
        changeset.file().isRepeatable()
            && Sql.of(
                        "DELETE FROM databasechangelog WHERE filename = ? AND " + OURS,
                        changeset.file().path())
                    .update(connection)
                > 0;
    Sql.of(
            sql,
            changeset.id(),
            changeset.author(),
            changeset.file().path(),
            again ? "RERAN" : "EXECUTED",
            changeset.checksum(),
            changeset.comment(),
            LiquibaseUtil.getBuildVersion(),
            deployment)
        .update(connection);
    StoredRollback.store(connection, changeset);
  }

  /// Records in the caller's transaction that a changeset is no longer applied.
  public static void remove(Connection connection, String path) throws SQLException {
    Sql.of("DELETE FROM databasechangelog WHERE filename = ? AND " + OURS, path).update(connection);
    StoredRollback.remove(connection, path);
  }

  /// Adds an entry to the journal of all changes.
  public static void event(Connection connection, Event event) throws SQLException {
    String sql =
        """
        INSERT INTO schema_event (action, path, duration_ms, client, application_version, approved_by, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """;
    Sql.of(
            sql,
            event.action(),
            event.path(),
            event.durationMillis(),
            ProcessIdentity.NAME,
            ProcessIdentity.VERSION,
            event.approval().by(),
            event.approval().reason())
        .update(connection);
  }

  /// One entry of the journal.
  ///
  /// @param action as in [HistoryEntry]
  /// @param path the changeset's file; `null` if it concerns no single changeset
  /// @param durationMillis duration in milliseconds; `null` if nothing ran
  /// @param approval who approved it, and why
  public record Event(
      String action, @Nullable String path, @Nullable Long durationMillis, Approval approval) {}

  /// Records the checksums that this version of the engine computes of applied changesets, where an
  /// earlier version recorded other ones.
  public static void renewChecksums(Connection connection, List<Changeset> applied)
      throws SQLException {
    Sql.of(
            """
            UPDATE databasechangelog AS d
               SET md5sum = n.md5sum
              FROM unnest(?::text[], ?::text[]) AS n (path, md5sum)
             WHERE filename = path AND d.md5sum IS DISTINCT FROM n.md5sum AND %s
            """
                .formatted(OURS),
            applied.stream().map(changeset -> changeset.file().path()).toArray(String[]::new),
            applied.stream().map(Changeset::checksum).toArray(String[]::new))
        .update(connection);
  }

  /// Records the current file of an applied changeset as the one that was applied.
  public static void acceptFile(Connection connection, Changeset changeset) throws SQLException {
    Sql.of(
            "UPDATE databasechangelog SET md5sum = ? WHERE filename = ? AND " + OURS,
            changeset.checksum(),
            changeset.file().path())
        .update(connection);
    StoredRollback.store(connection, changeset);
  }

  /// Records that the file of an applied changeset has another name.
  ///
  /// @param changeset the same changeset in its present file
  public static void rename(Connection connection, Applied row, Changeset changeset)
      throws SQLException {
    Transactions.run(
        connection,
        _ -> {
          String path = changeset.file().path();
          Sql.of(
                  "UPDATE databasechangelog SET filename = ? WHERE filename = ? AND " + OURS,
                  path,
                  row.path())
              .update(connection);
          Sql.of("UPDATE backfill SET name = ? WHERE name = ?", changeset.label(), row.label())
              .update(connection);
          StoredRollback.remove(connection, row.path());
          StoredRollback.store(connection, changeset);
          event(
              connection,
              new Event("rename", path, null, new Approval(null, "was " + row.label())));
        });
  }

  /// The schemas in which other applications have their history, as SQL has to write them.
  public static List<String> otherSchemas(Connection connection) throws SQLException {
    return Sql.of(
            """
            SELECT c.relnamespace::regnamespace::text
              FROM pg_class c
              JOIN pg_class g USING (relnamespace)
             WHERE c.relname = 'databasechangelog'
               AND g.relname = 'schema_gate'
               AND c.oid IS DISTINCT FROM to_regclass('databasechangelog')
             ORDER BY 1
            """)
        .list(connection, row -> row.getString(1));
  }

  /// The files of interrupted non-transactional changesets, and their direction.
  public static Map<String, Direction> interrupted(Connection connection) throws SQLException {
    return Sql.of("SELECT path, direction FROM schema_journal")
        .listIfExists(
            connection,
            row ->
                Map.entry(
                    row.getString(1),
                    row.getString(2).equals("up") ? Direction.UP : Direction.DOWN))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /// The changesets that were interrupted in `direction`, highest path first.
  public static List<Applied> interrupted(Connection connection, Direction direction)
      throws SQLException {
    return interrupted(connection).entrySet().stream()
        .filter(entry -> entry.getValue() == direction)
        .map(entry -> new Applied(entry.getKey(), null, null))
        .sorted(Comparator.comparing(Applied::path).reversed())
        .toList();
  }

  /// Removes the interrupted changesets of `module` from the journal, in the caller's transaction.
  public static void clearJournal(Connection connection, String module) throws SQLException {
    Sql.of(
            "DELETE FROM schema_journal WHERE starts_with(path, ?)",
            Changelogs.LOCATION + "/" + module + "/")
        .update(connection);
  }

  /// All changes of the schema, in order; empty if there is no history yet.
  public static List<HistoryEntry> events(Connection connection) throws SQLException {
    String sql =
        """
        SELECT at, action, path, duration_ms, role, client, application_version, approved_by, reason
          FROM schema_event
         ORDER BY id
        """;
    return Sql.of(sql).listIfExists(connection, History::entry);
  }

  private static HistoryEntry entry(ResultSet row) throws SQLException {
    String path = row.getString(3);
    return new HistoryEntry(
        row.getTimestamp(1).toInstant(),
        row.getString(2),
        path == null ? null : label(path),
        row.getObject(4, Long.class),
        row.getString(5),
        row.getString(6),
        row.getString(7),
        row.getString(8),
        row.getString(9));
  }

  /// Drops the engine's own tables. Liquibase's table stays if it has rows of other users.
  public static void dropEngineTables(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          DROP TABLE schema_gate, schema_journal, schema_event, schema_backup, schema_rollback, schema_trash, backfill;
          DROP FUNCTION sheaf_bury_table, sheaf_exhume_table, sheaf_bury_column, sheaf_exhume_column,
                        sheaf_trash_table, sheaf_restore_table, sheaf_trash_column, sheaf_restore_column,
                        sheaf_try, sheaf_lift, sheaf_run, sheaf_append_only
          """);
      if (Sql.of("SELECT EXISTS (SELECT FROM databasechangelog)").isTrue(connection)) {
        return;
      }
      statement.execute("DROP TABLE databasechangelog");
    }
  }

  /// `module/NNN_name` of a file's path.
  public static String label(String path) {
    return ChangelogFile.label(path);
  }
}
