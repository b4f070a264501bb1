package dev.sheaf.schema;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A process that brings a database to head, or back to nothing, to be killed while it does.
final class MigratingProcess {

  private MigratingProcess() {}

  public static void main(String[] arguments) {
    DatabaseAddress address = DatabaseAddress.parse(arguments[0]);
    Changelogs changelogs = Changelogs.in(Path.of(arguments[1]));
    Migrations migrations =
        new Migrations(
            address, TestConfig.schema(), changelogs, Modules.everything(changelogs), false);
    MigrationListener listener =
        new MigrationListener() {
          @Override
          public void started(String changeset, Direction direction) {
            System.out.println(changeset);
          }

          @Override
          public void running(
              String changeset, Duration sofar, @Nullable String phase, @Nullable Double percent) {
            System.out.println(changeset);
          }
        };
    MigrationResult result =
        arguments[2].equals("up")
            ? migrations.up(listener)
            : migrations.goTo("core", 0, Approval.NONE, listener);
    System.out.println("done " + result.orThrow().executed().size());
  }
}
