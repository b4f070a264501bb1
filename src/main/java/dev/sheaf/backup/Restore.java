package dev.sheaf.backup;

import dev.sheaf.backup.BackupListener.Phase;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Pours the dump of one backup into databases of one server.
final class Restore {

  /// These come with the extension and the database themselves, and only their owners may set them.
  private static final Pattern LEFT_OUT =
      Pattern.compile("^\\d+; \\d+ \\d+ COMMENT - (EXTENSION|SCHEMA public) ?.*");

  private static final Pattern EXTENSION =
      Pattern.compile("^\\d+; \\d+ \\d+ EXTENSION - (\\S+) *$");

  private final BackupFile backup;
  private final PostgresServer server;
  private final ClientProgram pgRestore;
  private final Tracker tracker;

  private Restore(
      BackupFile backup, PostgresServer server, ClientProgram pgRestore, Tracker tracker) {
    this.backup = backup;
    this.server = server;
    this.pgRestore = pgRestore;
    this.tracker = tracker;
  }

  /// @throws OperatorException when the backup cannot be restored on `server`
  static Restore of(BackupFile backup, PostgresServer server, Tracker tracker) {
    Manifest manifest = backup.manifest();
    if (server.major() < manifest.major()) {
      throw new OperatorException(
          "%s is of PostgreSQL %s, and this server is %s"
              .formatted(backup.path(), manifest.postgresql(), server.version()),
          "restore it on PostgreSQL " + manifest.major() + " or newer");
    }
    if (manifest.pgvector() != null && server.vectorAvailable() == null) {
      throw new OperatorException(
          "%s needs pgvector, and this server does not have it".formatted(backup.path()),
          "install the package postgresql-%s-pgvector on it (Debian, Ubuntu)"
              .formatted(server.major()));
    }
    return new Restore(backup, server, ClientProgram.find("pg_restore", server.major()), tracker);
  }

  /// Restores all of it into an empty database. When that fails, the database is to be thrown away,
  /// unless all of it was one transaction.
  ///
  /// @param whole whether it has to be one transaction, which takes a lock for every object
  void into(DatabaseAddress database, boolean whole, boolean privileges) {
    @Nullable Path list = null;
    try {
      list = Files.createTempFile("sheaf-restore", ".list");
      List<String> contents = contents();
      Files.write(list, contents);
      List<String> arguments = new ArrayList<>();
      arguments.add("--dbname=dbname=" + conninfo(database.database()));
      arguments.add("--use-list=" + list);
      arguments.add("--verbose");
      arguments.add("--no-password");
      arguments.add(whole ? "--single-transaction" : "--exit-on-error");
      if (!privileges) {
        arguments.add("--no-owner");
        arguments.add("--no-privileges");
      }
      try {
        pour(arguments, database);
      } catch (OperatorException e) {
        throw lacksExtension(contents, database)
            ? new OperatorException(
                e.problem(),
                "restore into an empty database in which an administrator has created the extension, or as a role that may create it",
                e)
            : e;
      }
    } catch (IOException e) {
      throw new OperatorException(backup.path() + " cannot be restored: " + e.getMessage(), "", e);
    } finally {
      delete(list);
    }
  }

  /// Whether the backup has an extension that is missing, and that this role may not create.
  private static boolean lacksExtension(List<String> contents, DatabaseAddress database) {
    String[] extensions =
        contents.stream()
            .map(EXTENSION::matcher)
            .filter(Matcher::matches)
            .map(matcher -> matcher.group(1))
            .toArray(String[]::new);
    String sql =
        """
        SELECT EXISTS (
                 SELECT
                   FROM pg_available_extensions x
                   JOIN pg_available_extension_versions v ON v.name = x.name AND v.version = x.default_version
                  WHERE x.name = ANY (?)
                    AND x.installed_version IS NULL
                    AND v.superuser
                    AND NOT (v.trusted AND has_database_privilege(current_database(), 'CREATE'))
                    AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))
        """;
    try (Connection connection = database.openWithoutLimits("sheaf backup")) {
      return Sql.of(sql, (Object) extensions).isTrue(connection);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(database, "looking for extensions", e);
    }
  }

  private void pour(List<String> arguments, DatabaseAddress database) throws IOException {
    try (ClientProcess process =
        ClientProcess.start(
            pgRestore,
            arguments,
            database,
            // Before 0.8.2 a parallel build of an HNSW index can write past its buffer.
            parallelBuilds() ? "" : "-c max_parallel_maintenance_workers=0",
            tracker::heard)) {
      tracker.begin(Phase.RESTORING, backup.manifest().contents().rows().size(), backup.bytes());
      feed(process);
      process.await("restoring " + backup.path());
    }
  }

  private boolean parallelBuilds() {
    return new PostgresServer(
            server.version(), server.major(), server.vectorAvailable(), server.vectorAvailable())
        .buildsInParallel();
  }

  /// The dump's table of contents, without what is left out.
  private List<String> contents() throws IOException {
    try (ClientProcess process =
        ClientProcess.start(pgRestore, List.of("--list"), null, "", _ -> {})) {
      Thread feeder =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  feed(process);
                } catch (IOException _) {
                  // Without it the table of contents is incomplete, which it will say.
                }
              });
      List<String> lines =
          new String(process.output().readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !LEFT_OUT.matcher(line).matches())
              .toList();
      process.await("reading " + backup.path());
      feeder.join();
      return lines;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("reading " + backup.path() + " was interrupted", "", e);
    }
  }

  /// Sends the dump to a process, until the process has read enough or has failed, which its exit
  /// code tells. A table of contents is at the beginning.
  private void feed(ClientProcess process) throws IOException {
    byte[] buffer = new byte[1 << 16];
    try (InputStream dump = backup.openDump()) {
      int count = dump.read(buffer);
      while (count >= 0 && send(process.input(), buffer, count)) {
        tracker.moreBytes(count);
        count = dump.read(buffer);
      }
    } finally {
      // Without its end, a process would wait for the rest of a dump that cannot be read.
      end(process.input());
    }
  }

  /// Whether the process has not ended.
  private static boolean send(OutputStream input, byte[] bytes, int count) {
    try {
      input.write(bytes, 0, count);
      input.flush();
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static void end(OutputStream input) {
    try {
      input.close();
    } catch (IOException _) {
      // The process has ended.
    }
  }

  private static String conninfo(String value) {
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  private static void delete(@Nullable Path file) {
    if (file != null) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException _) {
        // It is in the directory for temporary files, and names tables only.
      }
    }
  }
}
