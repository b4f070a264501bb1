package dev.sheaf.migration.proof;

import dev.sheaf.database.PostgresServer;
import dev.sheaf.runtime.NativeExecutable;
import dev.sheaf.runtime.OperatorException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.hibernate.boot.Metadata;
import org.hibernate.boot.MetadataSources;
import org.hibernate.boot.model.naming.Identifier;
import org.hibernate.boot.model.relational.Namespace;
import org.hibernate.boot.registry.StandardServiceRegistry;
import org.hibernate.boot.registry.StandardServiceRegistryBuilder;
import org.hibernate.mapping.Column;
import org.hibernate.mapping.Table;
import org.hibernate.tool.schema.internal.SchemaCreatorImpl;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/// The tables that entities expect, as Hibernate would create them. They are created in a scratch
/// database only.
///
/// If a mapping declares no length, precision or dimensions, the type has no limit either: text,
/// timestamps of full precision, vectors of any dimensions. Hibernate's own defaults are not used.
///
/// @param statements statements that create the tables and their schemas
/// @param mapped mapped columns by table, each name as PostgreSQL stores it, a table's after the
///   name of its schema if the mapping declares one
record EntityTables(List<String> statements, Map<String, Set<String>> mapped) {

  /// The default length of `@Column`.
  private static final long DEFAULT_LENGTH = 255;

  /// A strong reference, because a logger that is garbage collected loses its level.
  private static final Logger HIBERNATE = Logger.getLogger("org.hibernate");

  /// @throws OperatorException in a native executable, which does not contain Hibernate's tools
  static EntityTables of(Collection<Class<?>> entities, PostgresServer server) {
    if (NativeExecutable.RUNS) {
      throw new OperatorException(
          "a native executable does not read entities", "run the command in a checkout");
    }
    HIBERNATE.setLevel(Level.SEVERE);
    try (StandardServiceRegistry registry =
        new StandardServiceRegistryBuilder()
            .applySetting("hibernate.boot.allow_jdbc_metadata_access", false)
            .applySetting("jakarta.persistence.database-product-name", "PostgreSQL")
            .applySetting("jakarta.persistence.database-major-version", server.major())
            .applySetting("hibernate.column_ordering_strategy", "legacy")
            .build()) {
      MetadataSources sources = new MetadataSources(registry);
      entities.forEach(sources::addAnnotatedClass);
      Metadata metadata = sources.buildMetadata();
      Map<String, Set<String>> mapped = new TreeMap<>();
      for (Namespace namespace : metadata.getDatabase().getNamespaces()) {
        for (Table table : namespace.getTables()) {
          Set<String> columns = new TreeSet<>();
          for (Column column : table.getColumns()) {
            columns.add(stored(column.getName(), column.isQuoted()));
            String unbounded = unbounded(column, metadata);
            if (column.getSqlType() == null && unbounded != null) {
              column.setSqlType(unbounded);
            }
          }
          Identifier schema = namespace.getName().schema();
          String name = stored(table.getName(), table.isQuoted());
          mapped.put(
              schema == null ? name : stored(schema.getText(), schema.isQuoted()) + "." + name,
              columns);
        }
      }
      return new EntityTables(
          new SchemaCreatorImpl(registry).generateCreationCommands(metadata, true), mapped);
    }
  }

  /// PostgreSQL folds a name that is not quoted.
  private static String stored(String name, boolean quoted) {
    return quoted ? name : name.toLowerCase(Locale.ROOT);
  }

  private static @Nullable String unbounded(Column column, Metadata metadata) {
    Long length = column.getLength();
    boolean unlimited = length == null || length == DEFAULT_LENGTH;
    boolean defaultPrecision = column.getTemporalPrecision() == null;
    return switch (column.getSqlTypeCode(metadata)) {
      case SqlTypes.VARCHAR -> unlimited ? "text" : null;
      case SqlTypes.VECTOR -> column.getArrayLength() == null ? "vector" : null;
      case SqlTypes.TIMESTAMP_UTC, SqlTypes.TIMESTAMP_WITH_TIMEZONE ->
          defaultPrecision ? "timestamp with time zone" : null;
      case SqlTypes.TIMESTAMP -> defaultPrecision ? "timestamp" : null;
      case SqlTypes.TIME -> defaultPrecision ? "time" : null;
      default -> null;
    };
  }
}
