package dev.sheaf.schema;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One step of the schema, as its file says it.
///
/// @param file where it stands
/// @param id Liquibase's id, the number as written: `003`
/// @param author Liquibase's author, which is the module
/// @param checksum Liquibase's checksum of the changeset
/// @param comment what it is for, in one line
/// @param transactional whether its statements and its record are one transaction
/// @param up its statements in order
/// @param down the statements that undo it; `null` when the file has no rollback, empty when it
///   says that there is nothing to undo
/// @param directives what the file says to the engine
public record Changeset(
    ChangelogFile file,
    String id,
    String author,
    String checksum,
    String comment,
    boolean transactional,
    List<String> up,
    @Nullable List<String> down,
    Directives directives) {

  public String module() {
    return file.module();
  }

  public int number() {
    return file.number();
  }

  /// `module/NNN_name`, as people say it.
  public String label() {
    String path = file.shortPath();
    return path.substring(0, path.length() - ".sql".length());
  }
}
