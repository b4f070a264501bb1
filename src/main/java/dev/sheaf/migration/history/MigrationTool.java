package dev.sheaf.migration.history;

import dev.sheaf.migration.changelog.ChangelogForm;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Another tool, whose history a database can have.
public enum MigrationTool {
  GOLANG_MIGRATE("golang-migrate", "schema_migrations", "version, dirty", ChangelogForm.PAIR),
  GOOSE("goose", "goose_db_version", "id, version_id, is_applied, tstamp", ChangelogForm.GOOSE),
  DBMATE("dbmate", "schema_migrations", "version", ChangelogForm.DBMATE),
  FLYWAY(
      "flyway",
      "flyway_schema_history",
      "installed_rank, version, description, type, script, checksum, installed_by, installed_on,"
          + " execution_time, success",
      ChangelogForm.FLYWAY);

  private final String id;
  private final String table;
  private final String columns;
  private final ChangelogForm form;

  MigrationTool(String id, String table, String columns, ChangelogForm form) {
    this.id = id;
    this.table = table;
    this.columns = columns;
    this.form = form;
  }

  /// Its name, as `sheaf migrate adopt --from` takes it.
  public String id() {
    return id;
  }

  /// The name that its table has if nobody chose another one.
  public String table() {
    return table;
  }

  /// The form of its files.
  public ChangelogForm form() {
    return form;
  }

  /// Its table's columns, in order.
  String columns() {
    return columns;
  }

  /// Whether a table with these columns is a history of this tool. One column is not enough to tell
  /// without the table's name.
  ///
  /// @param found its columns, in order
  boolean owns(String name, List<String> found) {
    return String.join(", ", found).equals(columns) && (found.size() > 1 || name.equals(table));
  }

  /// The tool of this name.
  public static Optional<MigrationTool> of(@Nullable String id) {
    return Arrays.stream(values()).filter(tool -> tool.id.equals(id)).findFirst();
  }
}
