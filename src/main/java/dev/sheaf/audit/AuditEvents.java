package dev.sheaf.audit;

import dev.sheaf.database.Sql;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Reads the audit trail: the events of the API and of commands, and those that the migration
/// engine recorded, in one list.
@ApplicationScoped
class AuditEvents {

  /// Newest first. Relies on audit_event_at_idx. schema_event has one row for each changeset.
  private static final String PAGE =
      """
      SELECT at, id, source, actor, action, object, details, request_id, address
        FROM (SELECT at, id, 0 AS source, actor, action, object, details::text, request_id, address
                FROM audit_event
               UNION ALL
              SELECT at, id, 1, 'process:' || client, 'schema.' || replace(action, ' ', '-'),
                     regexp_replace(path, '^db/changelog/|[.]sql$', '', 'g'),
                     json_strip_nulls(json_build_object('approvedBy', approved_by,
                                                        'reason', reason,
                                                        'role', role,
                                                        'version', application_version))::text,
                     NULL, NULL
                FROM schema_event) trail
       WHERE (at, id, source) < (?, ?, ?)
       ORDER BY at DESC, id DESC, source DESC
       LIMIT ?
      """;

  private final AgroalDataSource dataSource;

  AuditEvents(AgroalDataSource dataSource) {
    this.dataSource = dataSource;
  }

  /// @param next the cursor of the next page; `null` if this page is the last
  @Schema(name = "AuditPage")
  record Page(List<AuditEvent> events, @Nullable String next) {}

  Page page(AuditCursor before, int limit) throws SQLException {
    List<Entry> entries =
        Sql.of(PAGE, before.at(), before.id(), before.source(), limit)
            .list(dataSource, AuditEvents::entry);
    return new Page(
        entries.stream().map(Entry::event).toList(),
        entries.size() < limit ? null : entries.getLast().cursor().toString());
  }

  private record Entry(AuditCursor cursor, AuditEvent event) {}

  private static Entry entry(ResultSet row) throws SQLException {
    var cursor =
        new AuditCursor(row.getObject(1, OffsetDateTime.class), row.getLong(2), row.getInt(3));
    return new Entry(
        cursor,
        new AuditEvent(
            cursor.at().toInstant(),
            row.getString(4),
            row.getString(5),
            row.getString(6),
            row.getString(7),
            row.getString(8),
            row.getString(9)));
  }
}
