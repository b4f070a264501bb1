package dev.sheaf.document;

import dev.sheaf.audit.AuditAction;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.database.SessionTimeouts;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Lists, counts and deletes the documents of a collection that match a filter. The queries use the
/// indexes on the metadata, or `document_pkey`.
@ApplicationScoped
class FilteredDocuments {

  private final AgroalDataSource dataSource;
  private final AuditTrail audit;

  FilteredDocuments(AgroalDataSource dataSource, AuditTrail audit) {
    this.dataSource = dataSource;
    this.audit = audit;
  }

  /// @param documents without their texts
  /// @param end the position after the last document
  record Page(List<DocumentView> documents, Cursor end) {}

  /// @param after the end of the previous page
  Page page(Space space, Filter filter, Cursor after, int limit) throws SQLException {
    FilterSql filterSql = FilterSql.of(filter);
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                """
                SELECT d.id, d.external_id, d.title, d.uri, d.metadata, d.created_at, d.updated_at
                  FROM %s d
                 WHERE %s AND d.id > ?
                 ORDER BY d.id
                 LIMIT %s
                """
                    .formatted(space.documentTable(), filterSql.sql(), limit))) {
      select.setObject(filterSql.bind(select, 1), after.last());
      var documents = new ArrayList<DocumentView>();
      UUID last = after.last();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          last = row.getObject(1, UUID.class);
          documents.add(
              new DocumentView(
                  row.getString(2),
                  row.getString(3),
                  row.getString(4),
                  row.getString(5),
                  null,
                  null,
                  row.getObject(6, OffsetDateTime.class).toInstant(),
                  row.getObject(7, OffsetDateTime.class).toInstant(),
                  null));
        }
      }
      return new Page(documents, new Cursor(last));
    }
  }

  long count(Space space, Filter filter) throws SQLException {
    FilterSql filterSql = FilterSql.of(filter);
    try (Connection connection = dataSource.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                "SELECT count(*) FROM %s d WHERE %s"
                    .formatted(space.documentTable(), filterSql.sql()))) {
      filterSql.bind(select, 1);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /// Deletes the documents with their chunks and embeddings, all or none.
  ///
  /// @return the number of deleted documents
  long delete(Space space, String collection, Filter filter) throws SQLException {
    return Transactions.call(
        dataSource,
        connection -> {
          SessionTimeouts.allowAnyTime(connection);
          long deleted = delete(connection, space, filter);
          // A repeated request that deletes nothing leaves no trace.
          if (deleted > 0) {
            audit.record(
                connection, AuditAction.DOCUMENTS_DELETED, collection, Map.of("deleted", deleted));
          }
          return deleted;
        });
  }

  private static long delete(Connection connection, Space space, Filter filter)
      throws SQLException {
    FilterSql filterSql = FilterSql.of(filter);
    try (PreparedStatement delete =
        connection.prepareStatement(
            "DELETE FROM %s d WHERE %s".formatted(space.documentTable(), filterSql.sql()))) {
      filterSql.bind(delete, 1);
      return delete.executeLargeUpdate();
    }
  }
}
