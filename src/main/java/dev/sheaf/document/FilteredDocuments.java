package dev.sheaf.document;

import dev.sheaf.database.Replicas;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import dev.sheaf.filter.FilterSql;
import dev.sheaf.limits.MemoryBudget;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Lists and counts the documents of a collection that match a filter. The queries use the indexes
/// on the metadata, or `document_pkey`.
@ApplicationScoped
class FilteredDocuments {

  private final Replicas replicas;

  FilteredDocuments(Replicas replicas) {
    this.replicas = replicas;
  }

  /// @param documents without their texts
  /// @param end the position after the last document
  record Page(List<DocumentView> documents, Cursor end) {}

  /// DocumentMetadata of a page that has together at most this many bytes needs no memory of its
  /// own.
  private static final long FEW_BYTES = 256 * 1024;

  /// Fields are in memory as bytes of the result and as strings.
  private static final int COST = 3;

  /// @param after the end of the previous page
  /// @param memory reserves memory for the page
  Page page(Space space, Filter filter, Cursor after, int limit, MemoryBudget.Account memory)
      throws SQLException {
    memory.reserve(FEW_BYTES * COST);
    try (Connection connection = replicas.getConnection()) {
      return Transactions.call(connection, same -> page(same, space, filter, after, limit, memory));
    }
  }

  /// Reads the page, but without its metadata if it is too long, and then again.
  private static Page page(
      Connection connection,
      Space space,
      Filter filter,
      Cursor after,
      int limit,
      MemoryBudget.Account memory)
      throws SQLException {
    FilterSql filterSql = FilterSql.of(filter);
    for (long maxBytes = FEW_BYTES; ; ) {
      try (PreparedStatement select =
          connection.prepareStatement(
              FilterSql.plannedForValues(
                  """
                  SELECT id, external_id, title, uri, CASE WHEN bytes <= %4$s THEN metadata END,
                         created_at, updated_at, bytes
                    FROM (SELECT d.id, d.external_id, d.title, d.uri, %5$s AS metadata, d.created_at, d.updated_at,
                                 sum(COALESCE(octet_length(%5$s), 0)) OVER () AS bytes
                            FROM (SELECT *
                                    FROM %1$s d
                                   WHERE d.collection_id = %6$s AND %2$s AND d.id > ?
                                   ORDER BY d.id
                                   LIMIT %3$s) d) page
                   ORDER BY id
                  """
                      .formatted(
                          space.documentTable(),
                          filterSql.sql(),
                          limit,
                          maxBytes,
                          StoredMetadata.COLUMN,
                          space.collectionId())))) {
        select.setObject(filterSql.bind(select, 1), after.last());
        var documents = new ArrayList<DocumentView>();
        UUID last = after.last();
        long bytes = 0;
        try (ResultSet row = FilterSql.execute(select)) {
          while (row.next()) {
            last = row.getObject(1, UUID.class);
            bytes = row.getLong(8);
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
        if (bytes <= maxBytes) {
          readLongMetadata(connection, space, documents, memory);
          return new Page(documents, new Cursor(last));
        }
        maxBytes = bytes + bytes / 4;
        memory.reserve(maxBytes * COST);
      }
    }
  }

  private static void readLongMetadata(
      Connection connection, Space space, List<DocumentView> documents, MemoryBudget.Account memory)
      throws SQLException {
    for (int i = 0; i < documents.size(); i++) {
      DocumentView document = documents.get(i);
      if (document.metadata() == null) {
        UUID id = DocumentId.of(space.collectionId(), document.id());
        documents.set(
            i,
            document.withMetadata(
                StoredMetadata.read(connection, space.collectionId(), id, memory)));
      }
    }
  }

  long count(Space space, Filter filter) throws SQLException {
    FilterSql filterSql = FilterSql.of(filter);
    try (Connection connection = replicas.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                FilterSql.plannedForValues(
                    "SELECT count(*) FROM %s d WHERE %s"
                        .formatted(space.documentTable(), filterSql.sql())))) {
      filterSql.bind(select, 1);
      try (ResultSet row = FilterSql.execute(select)) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
