package dev.sheaf.migration;

import dev.sheaf.migration.changelog.ChangelogFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Writes changelogs into a directory.
public record TestChangelogs(Path root) {

  public void changeset(String module, int number, String name, String up, String down)
      throws IOException {
    write(module, number, name, "", up, down);
  }

  /// A non-transactional changeset.
  public void concurrent(String module, int number, String name, String up, String down)
      throws IOException {
    write(module, number, name, " runInTransaction:false", up, down);
  }

  /// A changeset with `CREATE TABLE name` and its rollback.
  public void table(String module, int number, String name) throws IOException {
    changeset(
        module, number, name, "CREATE TABLE " + name + " (id int);", "DROP TABLE " + name + ";");
  }

  public void delete(String module, int number, String name) throws IOException {
    Files.delete(file(module, number, name));
  }

  public Path file(String module, int number, String name) {
    return root.resolve(module).resolve(ChangelogFile.digits(number) + "_" + name + ".sql");
  }

  private void write(String module, int number, String name, String options, String up, String down)
      throws IOException {
    Files.createDirectories(root.resolve(module));
    Files.writeString(
        file(module, number, name),
        """
        --liquibase formatted sql

        --changeset %s:%s%s
        --comment %s
        %s

        --rollback %s
        """
            .formatted(
                module,
                ChangelogFile.digits(number),
                options,
                name,
                up,
                down.replace("\n", "\n--rollback ")));
  }
}
